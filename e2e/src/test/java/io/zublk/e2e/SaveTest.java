package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code zublk save} and {@code zublk create --restore}. */
@Timeout(600)
class SaveTest extends WithDevices {

  private static final Path RECIPE = Path.of("..", "docs", "reboot.md");

  private Path file;

  @BeforeEach
  void nameTheFile() {
    file = temp.resolve("saved");
  }

  private String uri(int id) {
    return "nbd+unix:///?socket=" + zublk.runDir().resolve(id + "/nbd.sock");
  }

  private Process fio(String uri, int seconds) throws Exception {
    return new ProcessBuilder(
            "fio",
            "--name=load",
            "--ioengine=nbd",
            "--uri=" + uri,
            "--rw=randrw",
            "--bs=4k",
            "--iodepth=8",
            "--size=64m",
            "--buffer_compress_percentage=50",
            "--time_based",
            "--runtime=" + seconds)
        .redirectErrorStream(true)
        .redirectOutput(temp.resolve("fio").toFile())
        .start();
  }

  @Test
  void whatIsSavedIsRestoredAndTheFileIsItsOwnersAlone() throws Exception {
    zublk.create("--size", "64M", "-a", "zstd");
    Path image = temp.resolve("image");
    Zublk.tool("sh", "-c", "head -c 20M /dev/urandom >" + image + "; truncate -s 64M " + image);
    Zublk.tool("nbdcopy", image.toString(), uri(0));
    zublk.run("save", "0", file.toString()).ok();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    Map<String, Object> restored = zublk.create("--restore", file.toString());
    assertThat(restored)
        .containsEntry("size", 64 << 20)
        .containsEntry("algorithm", "zstd(level=3)");
    Zublk.tool("qemu-img", "compare", "-f", "raw", "-F", "raw", uri(0), uri(1));
    zublk.create("--restore", file.toString(), "--size", "1T", "-a", "lz4");
    assertThat(zublk.stat(2)).containsEntry("algorithm", "lz4").containsEntry("size", 1L << 40);
    zublk.run("save", "2", file.toString(), "--force").ok();
    assertThat(Files.size(file)).isLessThan(24 << 20);
    assertThat(temp.resolve("saved.part")).doesNotExist();
  }

  @Test
  void devicesOfNothingAndOfOnePageAreSavedAsWell() throws Exception {
    zublk.create("--size", "4K");
    zublk.run("save", "0", file.toString()).ok();
    assertThat(Files.size(file)).isEqualTo(128 + 48);
    zublk.create("--restore", file.toString());
    Zublk.tool("qemu-io", "-f", "raw", "-c", "write -P 7 0 4k", uri(1));
    zublk.run("save", "1", file.toString(), "--force").ok();
    zublk.create("--restore", file.toString());
    Zublk.tool("qemu-io", "-f", "raw", "-c", "read -P 7 0 4k", uri(2));
  }

  /** Two files of one device under load differ, and both are devices that verify. */
  @Test
  void aDeviceUnderLoadIsSavedAndNoRequestOfItFails() throws Exception {
    zublk.create("--size", "64M");
    Process load = fio(uri(0), 8);
    Thread.sleep(2000);
    for (int i = 0; i < 3; i++) {
      zublk.run("save", "0", file.toString(), "--force").ok();
    }
    assertThat(load.waitFor(120, TimeUnit.SECONDS)).isTrue();
    assertThat(load.exitValue()).as(Files.readString(temp.resolve("fio"))).isZero();
    assertThat(zublk.stat(0)).containsEntry("io_errors", 0).containsEntry("checksum_errors", 0);
    zublk.run("save", "0", file.toString(), "--force").ok();
    zublk.create("--restore", file.toString());
    Zublk.tool("qemu-img", "compare", "-f", "raw", "-F", "raw", uri(0), uri(1));
  }

  /** Into memory; and beside them the pauses of as many half seconds in which nobody saves. */
  @Test
  @Tag("long")
  void aWriterNoticesTwentySaves() throws Exception {
    zublk.create("--size", "512M");
    Path image = temp.resolve("image");
    Zublk.tool("sh", "-c", "truncate -s 32M " + image + "; head -c 300M /dev/urandom >>" + image);
    Zublk.tool("nbdcopy", image.toString(), uri(0));
    Path memory = Files.createTempDirectory(Path.of("/dev/shm"), "zublk");
    Pauses saving = new Pauses("saving");
    Pauses between = new Pauses("not saving");
    AtomicBoolean enough = new AtomicBoolean();
    try (VersionedPages pages =
        new VersionedPages(zublk.runDir().resolve("0/nbd.sock"), (32 << 20) / 4096)) {
      pages.connect();
      CompletableFuture<Void> writer =
          CompletableFuture.runAsync(() -> pages.writeUntil(enough::get));
      TimeUnit.SECONDS.sleep(3); // until what they do is compiled
      for (int i = 0; i < 20; i++) {
        double _ = pages.longestPause();
        TimeUnit.MILLISECONDS.sleep(500);
        between.add(pages.longestPause());
        zublk.run("save", "0", memory.resolve("saved").toString(), "--force").ok();
        saving.add(pages.longestPause());
      }
      enough.set(true);
      writer.get(60, TimeUnit.SECONDS);
      pages.verify();
    } finally {
      Files.deleteIfExists(memory.resolve("saved"));
      Files.delete(memory);
    }
    saving.print();
    between.print();
  }

  @Test
  void aSaveThatIsKilledLeavesNoFileOfItsName() throws Exception {
    zublk.create("--size", "256M");
    Path image = temp.resolve("image");
    Zublk.tool("sh", "-c", "head -c 200M /dev/urandom >" + image);
    Zublk.tool("nbdcopy", image.toString(), uri(0));
    for (String signal : List.of("TERM", "KILL")) {
      Process save = zublk.start(List.of(), "save", "0", file.toString(), "--force");
      Path part = temp.resolve("saved.part");
      while (save.isAlive() && part.toFile().length() < 1 << 20) {
        Thread.sleep(1);
      }
      Zublk.kill(save.pid(), signal);
      save.waitFor();
      // On a quick machine it may have been done.
      if (!Files.exists(file) && signal.equals("TERM")) {
        assertThat(part).doesNotExist();
      }
    }
    zublk.run("save", "0", file.toString(), "--force").ok();
    zublk.create("--restore", file.toString());
    Zublk.tool("qemu-img", "compare", "-f", "raw", "-F", "raw", uri(0), uri(1));
  }

  @Test
  void whatCannotBeSavedOrRestoredIsRefusedAndNothingIsLeft() throws Exception {
    zublk.create("--size", "16M");
    Zublk.tool("qemu-io", "-f", "raw", "-c", "write -P 7 0 1M", uri(0));
    zublk.run("save", "0", file.toString()).ok();
    zublk.run("save", "0", file.toString()).refused("saved is there already", "--force");
    zublk.run("save", "0", temp + "/none/file").refused("there is no directory", "none");
    zublk.run("save", "7", file.toString()).refused("no device '7'");
    Path link = Files.createSymbolicLink(temp.resolve("link"), file);
    zublk.run("save", "0", link.toString(), "--force").refused("no regular file");
    byte[] bytes = Files.readAllBytes(file);
    Path bad = temp.resolve("bad");
    bytes[bytes.length - 20] ^= 1;
    Files.write(bad, bytes);
    create("--restore", bad.toString()).refused("bad is damaged");
    Files.write(bad, java.util.Arrays.copyOf(bytes, bytes.length / 2));
    create("--restore", bad.toString()).refused("bad is cut off");
    bytes[8] = 2;
    Files.write(bad, bytes);
    create("--restore", bad.toString()).refused("bad is of version 2");
    create("--restore", temp + "/none").refused("there is no file", "none");
    create("--restore", file.toString(), "--size", "8M").refused("may only be larger");
    create("--restore", Zublk.DIST.resolve("bin/zublk").toString()).refused("'zublk save'");
    assertThat(Files.exists(zublk.runDir().resolve("1"), LinkOption.NOFOLLOW_LINKS)).isFalse();
  }

  private Zublk.Result create(String... options) throws Exception {
    var arguments = new java.util.ArrayList<>(List.of("create", "--transport", "nbd"));
    arguments.addAll(List.of(options));
    return zublk.run(arguments.toArray(String[]::new));
  }

  /** The commands of the units in the recipe, in the order in which systemd runs them. */
  @Test
  void theRecipeTakesADeviceThroughAReboot() throws Exception {
    String recipe = Files.readString(RECIPE);
    sh(command(recipe, "ExecStart"));
    Zublk.tool("qemu-io", "-f", "raw", "-c", "write -P 9 1M 3M", uri(0));
    for (int boot = 0; boot < 2; boot++) {
      sh(command(recipe, "ExecStop"));
      assertThat(zublk.processes()).isEmpty();
      assertThat(file).exists();
      sh(command(recipe, "ExecStart"));
      Zublk.tool("qemu-io", "-f", "raw", "-c", "read -P 9 1M 3M", uri(0));
    }
  }

  private static String command(String recipe, String key) {
    Matcher matcher =
        Pattern.compile("^" + key + "=/bin/sh -c '(.*)'$", Pattern.MULTILINE).matcher(recipe);
    assertThat(matcher.find()).as(key).isTrue();
    return matcher.group(1);
  }

  /** As systemd does: %i is what the unit is called for. */
  private void sh(String command) throws Exception {
    String here =
        command
            .replace("%%", "%")
            .replace("%i", "0")
            .replace("/var/lib/zublk/0.save", file.toString())
            .replace("zublk ", Zublk.DIST.resolve("bin/zublk") + " ");
    Process shell =
        new ProcessBuilder(
                "env",
                "ZUBLK_RUN_DIR=" + zublk.runDir(),
                "JAVA_HOME=" + System.getProperty("java.home"),
                "sh",
                "-c",
                here.replace("create ", "create --transport nbd "))
            .redirectErrorStream(true)
            .redirectOutput(temp.resolve("sh").toFile())
            .start();
    assertThat(shell.waitFor()).as("%s: %s", here, Files.readString(temp.resolve("sh"))).isZero();
  }
}
