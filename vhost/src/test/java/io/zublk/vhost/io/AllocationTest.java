package io.zublk.vhost.io;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.zublk.block.Geometry;
import io.zublk.uring.sys.Memory;
import io.zublk.vhost.TestRing;
import io.zublk.vhost.examples.RamDevice;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Serving requests makes no garbage. */
@Timeout(300)
class AllocationTest {

  private static final int DEPTH = 32;
  private static final int BATCHES = 10_000;

  /** For the whole run, not for each request: the JVM's own doings on a thread, such as OSR. */
  private static final long TOLERATED_BYTES = 4096;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @ParameterizedTest
  @CsvSource({"0, false", "0, true", "1, false", "1, true"})
  void manyRequestsAllocateNothing(int type, boolean indirect) throws IOException {
    Geometry geometry = new Geometry(1 << 20, Geometry.PAGE_BYTES);
    RamDevice device = new RamDevice(geometry, Memory.mapAnonymous(1 << 20));
    try (OneThread both = new OneThread(device, 1 << 20, 128, 4096, indirect)) {
      load(both, type);
      long least = Long.MAX_VALUE;
      // Where CPUs are busy late compilation spoils rounds; a request that allocates would spoil
      // every one.
      for (int round = 0; round < 50 && least > TOLERATED_BYTES; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        load(both, type);
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertThat(least).isLessThanOrEqualTo(TOLERATED_BYTES);
    }
  }

  private static void load(OneThread both, int type) {
    TestRing ring = both.ring();
    for (int batch = 0; batch < BATCHES; batch++) {
      for (int slot = 0; slot < DEPTH; slot++) {
        ring.request(slot, type, slot * 8L, 4096);
        ring.submit(slot);
      }
      both.serveAll();
      while (ring.hasUsed()) {
        if (ring.status(ring.takeUsed()) != 0) {
          throw new IllegalStateException("a request has failed");
        }
      }
    }
  }
}
