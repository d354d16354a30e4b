package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.store.PageStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Another process goes on with a device under its users' hands, or the first one does. */
@Timeout(600)
class UpgradeTest extends WithDevices {

  private static final int MIB = 1 << 20;

  /** What ends when the test does: a writer whose requests must not fail, and its device. */
  private final AtomicBoolean enough = new AtomicBoolean();

  private VersionedPages pages;
  private CompletableFuture<Void> writer;

  @AfterEach
  void endWriter() throws Exception {
    enough.set(true);
    if (pages != null) {
      pages.close();
    }
  }

  private Object serveAWriter(String... options) throws Exception {
    Object pid =
        zublk.create(options.length == 0 ? new String[] {"--size=8M"} : options).get("pid");
    pages = new VersionedPages(zublk.runDir().resolve("0/nbd.sock"), 2048);
    pages.connect();
    writer = CompletableFuture.runAsync(() -> pages.writeUntil(enough::get));
    return pid;
  }

  /** It has written since it was asked, and all that it has is right. */
  private void assertWriterHasNoticedNothing() throws Exception {
    pages.awaitWrites(writer);
    enough.set(true);
    writer.join();
    pages.verify();
    assertThat(zublk.stat(0)).containsEntry("checksum_errors", 0);
  }

  /** By it alone, as soon as those that it is not have come to their ends. */
  private void assertServedBy(Object pid) throws Exception {
    assertThat(zublk.stat(0).get("pid").toString()).isEqualTo(pid.toString());
    while (zublk.processes().size() > 1) {
      Thread.sleep(10);
    }
    assertThat(zublk.processes().stream().map(Object::toString)).containsExactly(pid.toString());
    assertThat(zublk.record(0)).containsEntry("state", "SERVING");
  }

  @Test
  void isWhatItWas() throws Exception {
    Map<String, Object> made =
        zublk.create(
            "--size=16M",
            "--id=5",
            "--algorithm=zstd(level=4)",
            "--listen=tcp:127.0.0.1:0",
            "--export-name=disk",
            "--workers=0");
    Object path = made.get("path");
    Zublk.tool("qemu-io", "-f", "raw", "-c", "write -P 7 1M 2M", path.toString());
    zublk.run("set", "5", "mem-limit=12M").ok();
    Map<String, Object> record = zublk.record(5);
    Map<String, Object> again = zublk.upgrade(path);
    assertThat(again.get("pid")).isNotEqualTo(made.get("pid"));
    Zublk.awaitEnd(made.get("pid"));
    for (String name : List.of("id", "path", "size", "algorithm", "transport")) {
      assertThat(again.get(name)).as(name).isEqualTo(made.get(name));
    }
    for (String name : List.of("config", "identity", "storeFile", "state", "recoveries", "path")) {
      assertThat(zublk.record(5).get(name)).as(name).isEqualTo(record.get(name));
    }
    assertThat(zublk.stat(5))
        .containsEntry("mem_limit", 12 * MIB)
        .containsEntry("workers", 0)
        .containsEntry("orig_data_size", 2 * MIB);
    Zublk.tool("qemu-io", "-f", "raw", "-c", "read -P 7 1M 2M", path.toString());
    assertThat(Zublk.tool("nbdinfo", "--list", path.toString())).contains("export=\"disk\"");
    assertThat(zublk.runDir().resolve("5/log")).content().contains("left to another process");
    zublk.run("remove", "5").ok();
    zublk.assertNothingLeft();
  }

  @Test
  void aWriterNoticesAPause() throws Exception {
    upgradeUnderAWriter(5);
  }

  @Test
  @Tag("long")
  void aWriterNoticesFiftyPauses() throws Exception {
    upgradeUnderAWriter(50);
  }

  private void upgradeUnderAWriter(int times) throws Exception {
    Object pid = serveAWriter("--size=24M");
    Process fio = verifyingFio();
    Pauses pauses = new Pauses("upgrades");
    for (int i = 0; i < times; i++) {
      double _ = pages.longestPause();
      Object next = zublk.upgrade(0).get("pid");
      assertThat(next).isNotEqualTo(pid);
      pauses.add(pages.longestPause());
      pid = next;
    }
    assertThat(fio.isAlive()).as("fio was to run all the time").isTrue();
    Zublk.kill(fio.pid(), "TERM");
    String said = new String(fio.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(said).contains("err= 0").doesNotContain("verify:");
    assertWriterHasNoticedNothing();
    assertServedBy(pid);
    pauses.print();
  }

  /** Another client, where the writer does not write. */
  private Process verifyingFio() throws IOException {
    return new ProcessBuilder(
            "fio",
            "--name=other",
            "--ioengine=nbd",
            "--uri=nbd+unix:///?socket=" + zublk.runDir().resolve("0/nbd.sock"),
            "--rw=randwrite",
            "--offset=8M",
            "--bsrange=4k-64k",
            "--size=16M",
            "--iodepth=8",
            "--verify=crc32c",
            "--verify_fatal=1",
            "--verify_state_save=0",
            "--loops=100000")
        .redirectErrorStream(true)
        .start();
  }

  @Test
  void aNewProcessThatFailsAnywhereBeforeTheEndChangesNothing() throws Exception {
    Object pid = serveAWriter();
    Path dir = zublk.runDir().resolve("0");
    try (FakeSuccessor dies = FakeSuccessor.able(dir)) {
      dies.come();
    }
    try (FakeSuccessor dies = FakeSuccessor.able(dir)) {
      dies.come().say("NONSENSE").hear("OFF");
    }
    try (FakeSuccessor dies = FakeSuccessor.able(dir)) {
      dies.come().say("GO").hear("FILES");
    }
    try (FakeSuccessor hangs = FakeSuccessor.able(dir)) {
      hangs.come().say("GO").hear("FILES").awaitEnd();
    }
    assertServedBy(pid);
    assertThat(dir.resolve("log"))
        .content()
        .contains("not handed over, and serving on: the other process has not answered within");
    Map<String, Object> _ = zublk.upgrade(0);
    assertWriterHasNoticedNothing();
  }

  /** Its keeper would else start one more, for a device that it is told has died. */
  @Test
  void whoHasLeftADeviceWaitsUntilItIsServedAndEndsInOrder() throws Exception {
    Object pid = zublk.create("--size=1M").get("pid");
    try (FakeSuccessor slow = FakeSuccessor.able(zublk.runDir().resolve("0"))) {
      slow.come().say("GO").hear("FILES").say("TAKEN").hearAtLast("YOURS");
      TimeUnit.MILLISECONDS.sleep(200); // ten times as long as it looks at a time
      slow.say("SERVING");
      Zublk.awaitEnd(pid);
      zublk.awaitNoKeeper();
    }
    assertThat(zublk.processes()).isEmpty();
  }

  @Test
  void anotherUpgradeAtTheSameTimeIsRefused() throws Exception {
    Object pid = serveAWriter();
    try (FakeSuccessor first = FakeSuccessor.able(zublk.runDir().resolve("0"))) {
      first.come();
      zublk
          .run("upgrade", "0")
          .refused("device 0 is not upgraded", "is being upgraded already", pid + " serves it on");
      zublk.run("set", "0", "mem-limit=12M").refused("is just being upgraded; try again");
      zublk.run("reset", "0", "--force").refused("is just being upgraded");
      assertThat(zublk.stat(0)).containsEntry("pid", pid);
    }
    assertWriterHasNoticedNothing();
    // Also if it is one's own that never comes to its end.
    try (FakeSuccessor hangs = FakeSuccessor.able(zublk.runDir().resolve("0"))) {
      hangs.come();
      zublk.run("remove", "0", "--force").ok();
    }
  }

  @Test
  void aDowngradeIsRefusedInWords() throws Exception {
    zublk.create("--size=1M");
    Path dir = zublk.runDir().resolve("0");
    int layout = PageStore.NEWEST_LAYOUT;
    assertThat(new FakeSuccessor(dir, FakeSuccessor.edition("0.0.9", 1, layout)).refusal())
        .isEqualTo(
            "device 0 cannot be upgraded: the installed zublk, 0.0.9 is older than the one that"
                + " serves, 0.1.0-SNAPSHOT; there is no downgrade");
    assertThat(new FakeSuccessor(dir, FakeSuccessor.edition("99", 1, layout - 1)).refusal())
        .contains(
            "99 reads store layouts 3 to %d and the device has %d; it is older"
                .formatted(layout - 1, layout));
    assertThat(new FakeSuccessor(dir, FakeSuccessor.edition("99", 2, layout)).refusal())
        .contains("99 hands over in versions 2 to 2, the one that serves in 1 to 1");
    assertThat(new FakeSuccessor(dir, "7").refusal()).contains("none that this zublk understands");
  }

  @Test
  void aNewProcessThatDoesNotStartIsToldOfAndChangesNothing() throws Exception {
    Object pid = serveAWriter();
    Zublk.Result result =
        zublk.await(
            zublk.start(List.of("env", "ZUBLK_JAVA_OPTIONS=-XX:+NoSuchThing"), "upgrade", "0"));
    result.refused("device 0 is not upgraded", "NoSuchThing", "process " + pid + " serves it on");
    assertThat(result.status()).isOne();
    assertServedBy(pid);
    assertWriterHasNoticedNothing();
  }

  /** Wherever it is just then: what is lost is at most a process, and never a write. */
  @Test
  void everyProcessMayBeKilledAtAnyTime() throws Exception {
    Object pid = serveAWriter("--size=8M", "--on-crash=keep");
    enough.set(true);
    writer.join();
    for (int i = 0; i < 12; i++) {
      pages.connect();
      Thread user = Thread.ofPlatform().start(pages::writeUntilHungUp);
      Process command = zublk.start(List.of(), "upgrade", "0");
      long old = ((Number) pid).longValue();
      while (zublk.processes().size() < 2 && command.isAlive()) {
        Thread.sleep(1);
      }
      Thread.sleep(i / 3 * 150L);
      kill(i % 3, old, command);
      Zublk.Result result = zublk.await(command);
      pid = processAfter(result);
      pages.close();
      user.join();
      pages.connect();
      pages.verify();
    }
  }

  private void kill(int which, long old, Process command) throws Exception {
    switch (which) {
      case 0 -> {
        for (long process : zublk.processes()) {
          if (process != old) {
            Zublk.die(process);
          }
        }
      }
      case 1 -> {
        Zublk.die(old);
      }
      default -> Zublk.kill(command.pid(), "KILL");
    }
  }

  /** The process that serves the device when all have come to rest; recovered if need be. */
  private Object processAfter(Zublk.Result result) throws Exception {
    while (!zublk.processes().isEmpty()) {
      Map<String, Object> record = zublk.record(0);
      List<Long> alive = zublk.processes();
      if (alive.equals(List.of(((Number) record.get("pid")).longValue()))
          && record.get("state").equals("SERVING")) {
        assertServedBy(record.get("pid"));
        return record.get("pid");
      }
      Thread.sleep(10);
    }
    if (result.status() == 1) {
      assertThat(result.err()).contains("it is dead: 'zublk recover 0' serves what it holds");
    }
    return zublk.recover(0).get("pid");
  }

  @Test
  void anotherKeeperKeepsItThen() throws Exception {
    Object path = zublk.create("--size=1M").get("path");
    Object keeper = zublk.stat(0).get("keeper");
    Zublk.tool("qemu-io", "-f", "raw", "-c", "write -P 7 0 1M", path.toString());
    Object pid = zublk.upgrade(0).get("pid");
    Object next = zublk.stat(0).get("keeper");
    assertThat(next).isInstanceOf(Integer.class).isNotEqualTo(keeper);
    Zublk.awaitEnd(keeper);
    assertThat(zublk.keepers()).containsExactly(((Number) next).longValue());
    Zublk.die(pid);
    Map<String, Object> record = zublk.record(0);
    while (record.get("pid").equals(pid) || !record.get("state").equals("SERVING")) {
      Thread.sleep(10);
      record = zublk.record(0);
    }
    assertThat(zublk.stat(0)).containsEntry("keeper", next).containsEntry("recoveries", 1);
    Zublk.tool("qemu-io", "-f", "raw", "-c", "read -P 7 0 1M", path.toString());
  }

  @Test
  void aClientThatTakesNoRepliesHoldsItUpForAWhileAndNobodyElse() throws Exception {
    Object pid = serveAWriter();
    try (RawNbdClient stuck = RawNbdClient.connected(zublk.runDir().resolve("0/nbd.sock"))) {
      stuck.ask(1000, RawNbdClient.READ, 0, 4 * MIB);
      zublk
          .run("upgrade", "0")
          .refused("have not taken their replies", "process " + pid + " serves it on");
      assertServedBy(pid);
    }
    Map<String, Object> _ = zublk.upgrade(0);
    assertWriterHasNoticedNothing();
  }

  @Test
  void allAreUpgradedButThoseThatCannotBe() throws Exception {
    Process foreground =
        zublk.start(List.of(), "create", "-s1M", "--transport=nbd", "--foreground");
    assertThat(foreground.inputReader().readLine()).startsWith("nbd+unix:");
    Object pid = zublk.create("--size=1M", "--on-crash=keep").get("pid");
    Map<String, Object> made = zublk.create("--size=1M");
    Object path = made.get("path");
    Zublk.die(pid);
    Zublk.Result result = zublk.run("upgrade", "--all");
    Zublk.awaitEnd(made.get("pid"));
    assertThat(result.status()).isOne();
    assertThat(result.out().strip()).isEqualTo(path);
    assertThat(result.err())
        .hasLineCount(1)
        .contains("device 0 runs in the foreground of process " + foreground.pid());
    zublk.run("upgrade", "1").refused("device 1 is dead", "zublk recover 1");
    zublk.run("upgrade", "7").refused("no device '7'");
    zublk.run("upgrade").refused("--all");
    foreground.destroy();
    assertThat(foreground.waitFor()).isZero();
  }
}
