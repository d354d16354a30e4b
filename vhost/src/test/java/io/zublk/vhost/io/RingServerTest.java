package io.zublk.vhost.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.uring.sys.Memory;
import io.zublk.vhost.TestRing;
import io.zublk.vhost.VhostCounter;
import io.zublk.vhost.examples.RamDevice;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When a client sees what was done, and is called for it. */
class RingServerTest {

  private static final int DISK_BYTES = 1 << 20;
  private static final int LARGE = 128 << 10;
  private static final int RING = 128;

  /** At each request that the device serves: whether the client has seen another one's end. */
  private final List<Boolean> seen = new ArrayList<>();

  private BooleanSupplier hasUsed = () -> false;

  private OneThread open() throws IOException {
    Geometry geometry = new Geometry(DISK_BYTES, Geometry.PAGE_BYTES);
    RamDevice ram = new RamDevice(geometry, Memory.mapAnonymous(DISK_BYTES));
    BlockDevice watched =
        new BlockDevice() {
          @Override
          public Geometry geometry() {
            return geometry;
          }

          @Override
          public BlockChannel openChannel() {
            return watch(ram.openChannel());
          }
        };
    OneThread both = new OneThread(watched, 16 << 20, RING, LARGE, false);
    hasUsed = both.ring()::hasUsed;
    return both;
  }

  private BlockChannel watch(BlockChannel channel) {
    return (BlockChannel)
        Proxy.newProxyInstance(
            BlockChannel.class.getClassLoader(),
            new Class<?>[] {BlockChannel.class},
            (_, method, arguments) -> {
              seen.add(hasUsed.getAsBoolean());
              return method.invoke(channel, arguments);
            });
  }

  private static void serve(OneThread both, int type, int requests, int bytes) {
    for (int slot = 0; slot < requests; slot++) {
      both.ring().request(slot, type, slot * 8L, bytes);
      both.ring().submit(slot);
    }
    both.serveAll();
    for (int i = 0; i < requests; i++) {
      assertThat(both.ring().status(both.ring().takeUsed())).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {TestRing.IN, TestRing.OUT})
  void theEndOfALargeRequestIsSeenBeforeTheNextOneIsServed(int type) throws IOException {
    try (OneThread both = open()) {
      serve(both, type, 3, LARGE);
      assertThat(seen).startsWith(false, true, true);
    }
  }

  @Test
  void theEndOfSmallRequestsIsSeenByEights() throws IOException {
    try (OneThread both = open()) {
      serve(both, TestRing.OUT, 9, 4096);
      assertThat(seen.subList(0, 9)).containsOnlyOnce(true).endsWith(true);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 4096, 1", "16, 4096, 1", "32, 4096, 2", "40, 4096, 3", "3, 131072, 3"})
  void aClientThatSleepsIsCalledForSixteenRequestsOrALargeOne(int requests, int bytes, int calls)
      throws IOException {
    try (OneThread both = open()) {
      both.ring().wantCalls(true);
      serve(both, TestRing.OUT, requests, bytes);
      assertThat(both.count(VhostCounter.CALLS)).isEqualTo(calls);
    }
  }
}
