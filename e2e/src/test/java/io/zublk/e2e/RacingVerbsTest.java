package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two administrators at a time, who know nothing of each other, while a client writes. */
class RacingVerbsTest extends WithDevices {

  private static final int PAGE = 4096;

  /** The client's part of the device, which no size below takes from it. */
  private static final int PAGES = 2048;

  private static final String[] CREATE = {"--size=16M", "--workers=1", "--staging=8M"};

  private static final List<String> VERBS =
      List.of(
          "set 0 staging=1M",
          "set 0 mem-limit=64M workers=1",
          "set 0 mem-limit=0 batch-timeout-us=90",
          "compact 0",
          "stat 0",
          "list",
          "resize 0 32M",
          "resize 0 16M --force",
          "upgrade 0");

  /** The common pool has one thread on two CPUs, which the writer would keep. */
  private static final Executor THREADS = task -> Thread.ofPlatform().daemon().start(task);

  private final AtomicBoolean enough = new AtomicBoolean();

  /** Those that handed the device over end in their own time. */
  @AfterEach
  void awaitOneServer() throws Exception {
    enough.set(true);
    while (zublk.processes().size() > 1) {
      Thread.sleep(10);
    }
  }

  @Test
  void eachVerbIsCarriedOutOrRefusedInALineAndTheClientNoticesNothing() throws Exception {
    zublk.create(CREATE);
    try (VersionedPages pages = new VersionedPages(zublk.runDir().resolve("0/nbd.sock"), PAGES)) {
      pages.connect();
      var writer = CompletableFuture.runAsync(() -> pages.writeUntil(enough::get), THREADS);
      race(VERBS, VERBS);
      for (String verb : VERBS) {
        carryOut(verb).ok();
      }
      enough.set(true);
      writer.join();
      pages.verify();
    }
    assertThat(zublk.stat(0))
        .containsEntry("size", 16 << 20)
        .containsEntry("mem_limit", 0)
        .containsEntry("checksum_errors", 0)
        .containsEntry("failed_writes", 0);
  }

  @Test
  void aDeviceThatIsResetOverAndOverServesOn() throws Exception {
    zublk.create(CREATE);
    List<String> resets = Collections.nCopies(6, "reset 0 --force");
    try (RawNbdClient client = RawNbdClient.connected(zublk.runDir().resolve("0/nbd.sock"))) {
      var writer = CompletableFuture.runAsync(() -> writeUntilItIsEnough(client), THREADS);
      race(resets, VERBS);
      enough.set(true);
      writer.join();
      carryOut("reset 0 --force").ok();
      client.ask(1, RawNbdClient.READ, 0, PAGE);
      assertThat(client.receive(16).getInt(4)).isZero();
      assertThat(client.receive(PAGE)).isEqualTo(ByteBuffer.allocate(PAGE));
    }
    assertThat(zublk.stat(0)).containsEntry("orig_data_size", 0);
  }

  @Test
  void aDeviceIsRemovedOnceWhateverElseIsAskedOfIt() throws Exception {
    zublk.create(CREATE);
    List<String> remove = List.of("remove 0 --force");
    CompletableFuture<Integer> others =
        CompletableFuture.supplyAsync(
            () -> carryOutAll(List.of("compact 0", "resize 0 32M")), THREADS);
    int removed = race(remove, remove);
    assertThat(removed).isPositive();
    others.join();
    zublk.run("stat", "0").refused("no device '0'");
    zublk.assertNothingLeft();
  }

  /** Both at a time, in orders of their own; how many were carried out. */
  private int race(List<String> ones, List<String> others) {
    CompletableFuture<Integer> first =
        CompletableFuture.supplyAsync(() -> carryOutAll(shuffled(ones, 1)), THREADS);
    CompletableFuture<Integer> second =
        CompletableFuture.supplyAsync(() -> carryOutAll(shuffled(others, 2)), THREADS);
    return first.join() + second.join();
  }

  private static List<String> shuffled(List<String> verbs, int seed) {
    List<String> all = new ArrayList<>(verbs);
    Collections.shuffle(all, new Random(seed));
    return all;
  }

  private int carryOutAll(List<String> verbs) {
    int done = 0;
    for (String verb : verbs) {
      Zublk.Result result = carryOut(verb);
      if (result.status() == 0) {
        done++;
      } else {
        result.refused();
      }
    }
    return done;
  }

  private Zublk.Result carryOut(String verb) {
    try {
      return zublk.run(verb.split(" "));
    } catch (Exception e) {
      throw new IllegalStateException(verb, e);
    }
  }

  private void writeUntilItIsEnough(RawNbdClient client) {
    Random random = new Random(3);
    byte[] bytes = new byte[PAGE];
    try {
      while (!enough.get()) {
        random.nextBytes(bytes);
        client.ask(1, RawNbdClient.WRITE, (long) random.nextInt(PAGES) * PAGE, PAGE);
        client.send(ByteBuffer.wrap(bytes));
        assertThat(client.takeReply(0)).isZero();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
