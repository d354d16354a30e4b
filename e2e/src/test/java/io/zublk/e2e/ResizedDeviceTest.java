package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** A device that has another size than it was made with, and what becomes of it then. */
class ResizedDeviceTest extends WithDevices {

  private static final int MIB = 1 << 20;

  private String uri(int id) {
    return "nbd+unix:///?socket=" + zublk.runDir().resolve(id + "/nbd.sock");
  }

  private void io(int id, String command) throws Exception {
    Zublk.tool("qemu-io", "-f", "raw", "-c", command, uri(id));
  }

  /** As its statistics, its list and its clients see it. */
  private void assertHasSize(int id, int mebibytes) throws Exception {
    assertThat(zublk.stat(id)).containsEntry("size", mebibytes * MIB);
    assertThat(Zublk.tool("nbdinfo", "--size", uri(id)).strip())
        .isEqualTo(Integer.toString(mebibytes * MIB));
  }

  /** Of 16 MiB with 4 at its begin; then of 48, with 4 more at its new end. */
  private void createAndGrow(String... options) throws Exception {
    String[] all = new String[options.length + 1];
    all[0] = "--size=16M";
    System.arraycopy(options, 0, all, 1, options.length);
    zublk.create(all);
    io(0, "write -P 7 0 4M");
    zublk.run("resize", "0", "48M").ok();
    io(0, "write -P 9 44M 4M");
  }

  private void assertIsTheGrownOne(int id) throws Exception {
    assertHasSize(id, 48);
    io(id, "read -P 7 0 4M");
    io(id, "read -P 0 4M 40M");
    io(id, "read -P 9 44M 4M");
    assertThat(zublk.stat(id)).containsEntry("orig_data_size", 8 * MIB);
  }

  @Test
  void aGrownOneIsSavedAndRestoredAndGrowsOn() throws Exception {
    createAndGrow();
    Path file = temp.resolve("saved");
    zublk.run("save", "0", file.toString()).ok();
    zublk.create("--restore", file.toString());
    assertIsTheGrownOne(1);
    // By what it is made with now.
    zublk.run("resize", "1", "768M").ok();
    assertHasSize(1, 768);
    zublk.run("resize", "1", "769M").refused("16 times");
    zublk.run("resize", "0", "256M").ok();
    zublk.run("resize", "0", "257M").refused("16 times");
  }

  @Test
  void aShrunkOneIsSavedAndRestoredWithoutItsEnd() throws Exception {
    createAndGrow();
    zublk.run("resize", "0", "8M", "--force").ok();
    Path file = temp.resolve("saved");
    zublk.run("save", "0", file.toString()).ok();
    zublk.create("--restore", file.toString());
    for (int id = 0; id < 2; id++) {
      assertHasSize(id, 8);
      io(id, "read -P 7 0 4M");
      io(id, "read -P 0 4M 4M");
      assertThat(zublk.stat(id)).containsEntry("orig_data_size", 4 * MIB);
    }
  }

  @Test
  void aGrownOneIsRecoveredWithItsLimits() throws Exception {
    createAndGrow("--mem-limit=12M");
    Zublk.kill(zublk.stat(0).get("pid"), "KILL");
    assertThat(zublk.statWhenServed(0))
        .containsEntry("recoveries", 1)
        .containsEntry("mem_limit", 12 * MIB);
    assertIsTheGrownOne(0);
    zublk.run("resize", "0", "257M").refused("16 times");
    zublk.run("resize", "0", "256M").ok();
    assertHasSize(0, 256);
  }

  /** It was started when the device had its first size. */
  @Test
  void aStandbyGoesOnWithTheSizeThatIsTheLast() throws Exception {
    createAndGrow("--standby");
    zublk.statWhen(0, stat -> stat.get("standby") instanceof Integer);
    zublk.run("resize", "0", "64M").ok();
    zublk.run("resize", "0", "48M").ok();
    Zublk.kill(zublk.stat(0).get("pid"), "KILL");
    assertThat(zublk.statWhenServed(0)).containsEntry("recoveries", 1);
    assertIsTheGrownOne(0);
  }

  @Test
  void aShrunkOneIsUpgradedAndItsEndStaysGone() throws Exception {
    createAndGrow();
    zublk.run("resize", "0", "8M", "--force").ok();
    Map<String, Object> _ = zublk.upgrade(0);
    assertHasSize(0, 8);
    io(0, "read -P 7 0 4M");
    zublk.run("resize", "0", "48M").ok();
    io(0, "read -P 0 4M 44M");
    io(0, "write -P 5 40M 4M");
    Map<String, Object> _ = zublk.upgrade(0);
    assertHasSize(0, 48);
    io(0, "read -P 5 40M 4M");
    Zublk.kill(zublk.stat(0).get("pid"), "KILL");
    Map<String, Object> _ = zublk.statWhenServed(0);
    assertHasSize(0, 48);
    io(0, "read -P 7 0 4M");
    io(0, "read -P 0 4M 36M");
    io(0, "read -P 5 40M 4M");
  }

  /** The client keeps the size that it knows, and its connection. */
  @Test
  void aClientThatWritesNoticesNeitherGrowthNorUpgrade() throws Exception {
    zublk.create("--size=8M");
    AtomicBoolean enough = new AtomicBoolean();
    try (VersionedPages pages = new VersionedPages(zublk.runDir().resolve("0/nbd.sock"), 2048)) {
      pages.connect();
      CompletableFuture<Void> writer =
          CompletableFuture.runAsync(() -> pages.writeUntil(enough::get));
      zublk.run("resize", "0", "32M").ok();
      Map<String, Object> _ = zublk.upgrade(0);
      assertHasSize(0, 32);
      zublk.run("resize", "0", "64M").ok();
      long before = pages.acknowledged();
      while (pages.acknowledged() < before + 100 && !writer.isDone()) {
        Thread.sleep(1);
      }
      enough.set(true);
      writer.join();
      pages.verify();
    }
    assertHasSize(0, 64);
    io(0, "read -P 0 8M 56M");
  }
}
