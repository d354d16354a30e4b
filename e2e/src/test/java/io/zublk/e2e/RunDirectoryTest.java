package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What is not ours is never deleted, mounted over or trusted; what is ours is never left behind.
 */
class RunDirectoryTest extends WithDevices {

  /** Undone last made first, also after a failure. */
  private final List<List<String>> undo = new ArrayList<>();

  @AfterEach
  void undoAll() throws Exception {
    for (List<String> command : undo.reversed()) {
      Zublk.tool(command.toArray(String[]::new));
    }
  }

  private static void needRoot() {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root may mount and chown");
  }

  private Object dead(String... options) throws Exception {
    List<String> kept = new ArrayList<>(List.of(options));
    kept.add("--on-crash=keep");
    Map<String, Object> made = zublk.create(kept.toArray(String[]::new));
    Zublk.die(made.get("pid"));
    return made.get("id");
  }

  private Path device(Object id) {
    return zublk.runDir().resolve(id.toString());
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void aMountWhoseNameIsNoTextIsNobodysBusiness() throws Exception {
    needRoot();
    String script =
        "d=$(printf '%s/mount-\\374' \"$1\"); mkdir \"$d\" && mount -t tmpfs tmpfs \"$d\"";
    Zublk.tool("sh", "-c", script, "sh", temp.toString());
    String end = "d=$(printf '%s/mount-\\374' \"$1\"); umount \"$d\" && rmdir \"$d\"";
    undo.add(List.of("sh", "-c", end, "sh", temp.toString()));
    zublk.create("--size", "1M");
    zublk.run("remove", "0").ok();
    zublk.assertNothingLeft();
  }

  @Test
  void aRunDirectoryBelowALinkIsTheOneItLeadsTo() throws Exception {
    Path real = Files.createDirectory(temp.resolve("real"));
    Files.createSymbolicLink(temp.resolve("link"), real);
    Zublk linked = new Zublk(temp, Zublk.DIST, temp.resolve("link/run"));
    Zublk direct = new Zublk(temp, Zublk.DIST, real.resolve("run"));
    String uri = linked.create("--size", "1M").get("path").toString();
    assertThat(uri).contains(real.toString());
    if (System.getProperty("user.name").equals("root")) {
      assertThat(linked.stat(0).get("store_memory").toString()).startsWith("tmpfs");
    }
    assertThat(direct.stat(0)).containsEntry("path", uri);
    assertThat(direct.create("--size", "1M")).containsEntry("id", 1);
    linked.run("remove", "0", "1").ok();
    direct.assertNothingLeft();
  }

  @Test
  void aRunDirectoryThatOthersCanWriteIsNotTrusted() throws Exception {
    dead("--size", "1M");
    Files.setPosixFilePermissions(zublk.runDir(), PosixFilePermissions.fromString("rwxrwxrwx"));
    assertNotTrusted("can be written by others");
    Files.setPosixFilePermissions(zublk.runDir(), PosixFilePermissions.fromString("rwx------"));
    zublk.run("remove", "0").ok();
  }

  @Test
  void aRunDirectoryOfAnotherUserIsNotTrusted() throws Exception {
    needRoot();
    dead("--size", "1M");
    Files.setAttribute(zublk.runDir(), "unix:uid", 65534);
    assertNotTrusted("belongs to user 65534");
    Files.setAttribute(zublk.runDir(), "unix:uid", 0);
    zublk.run("remove", "0").ok();
  }

  private void assertNotTrusted(String reason) throws Exception {
    Path precious = Files.writeString(temp.resolve("precious"), "data");
    Path planted = zublk.runDir().resolve("lock");
    Files.delete(planted);
    Files.createSymbolicLink(planted, temp.resolve("elsewhere"));
    String[] create = "create --size 1M --transport nbd".split(" ");
    for (String[] command :
        List.of(create, "list".split(" "), "remove 0".split(" "), "remove --all".split(" "))) {
      zublk.run(command).refused(reason, zublk.runDir().toString(), "ZUBLK_RUN_DIR");
    }
    assertThat(device(0).resolve("device.json")).exists();
    assertThat(temp.resolve("elsewhere")).doesNotExist();
    assertThat(precious).exists();
    Files.delete(planted);
  }

  @Test
  void aRecordDoesNotMakeUsDeleteOtherFiles() throws Exception {
    Path precious = Files.writeString(temp.resolve("precious"), "data");
    Object id = dead("--size", "1M");
    Path record = device(id).resolve("device.json");
    String text = Files.readString(record);
    String store = text.replaceAll(".*\"storeFile\":\"([^\"]*)\".*\\s*", "$1");
    String outside = store + "/../../../precious";
    Files.writeString(record, text.replace(store, outside));
    zublk.run("remove", id.toString()).ok();
    assertThat(precious).exists();
    Files.delete(Path.of(store)); // which nothing names any more
  }

  @Test
  void aLinkNamedStoreIsNotMountedOver() throws Exception {
    needRoot();
    Path elsewhere = Files.createDirectory(temp.resolve("elsewhere"));
    Files.createDirectory(zublk.runDir());
    Files.setPosixFilePermissions(zublk.runDir(), PosixFilePermissions.fromString("rwx------"));
    Path link = Files.createSymbolicLink(zublk.runDir().resolve("store"), elsewhere);
    zublk.run("create", "-s", "1M", "--transport", "nbd").refused("store", "not zublk's");
    assertThat(Files.readString(Path.of("/proc/mounts"), StandardCharsets.ISO_8859_1))
        .doesNotContain(elsewhere.toString());
    assertThat(elsewhere).isEmptyDirectory();
    Files.delete(link);
  }

  @Test
  void aRecordThatIsNotUnderstoodIsNoProofThatThereIsNoDevice() throws Exception {
    zublk.create("--size", "1M");
    dead("--size", "1M");
    for (int id : List.of(0, 1)) {
      Path record = device(id).resolve("device.json");
      Files.writeString(record, Files.readString(record).replace("\"lz4\"", "\"newer\""));
    }
    Zublk.Result list = zublk.run("list", "-n").ok();
    assertThat(list.out()).isEmpty();
    assertThat(list.err())
        .hasLineCount(2)
        .contains("device 0", "device 1", "understand", "left alone");
    Zublk.Result removal = zublk.run("remove", "--all", "--force");
    assertThat(removal.status()).isOne();
    assertThat(removal.err()).hasLineCount(2).contains("device 0", "device 1", "left alone");
    zublk.run("remove", "0").refused("device 0", "left alone");
    zublk.run("create", "-s", "1M", "--transport", "nbd", "--id", "1").refused("id 1 is taken");
    assertThat(zublk.create("--size", "1M")).containsEntry("id", 2);
    zublk.run("remove", "2").ok();
    for (int id : List.of(0, 1)) {
      Path record = device(id).resolve("device.json");
      Files.writeString(record, Files.readString(record).replace("\"newer\"", "\"lz4\""));
    }
    assertThat(zublk.stat(0)).containsEntry("size", 1 << 20);
    assertThat(zublk.run("list").ok().err()).contains("device 1", "is dead");
  }

  @Test
  void anOrphansEndLeavesTheDeviceAloneThatTookItsId() throws Exception {
    Object orphan = zublk.create("--size", "1M").get("pid");
    while (!Files.exists(device(0).resolve("output"))) {
      Thread.sleep(
          1); // the last file that it makes, when the command that started it has its answer
    }
    try (Stream<Path> files = Files.list(device(0))) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(device(0)); // as a logout does with $XDG_RUNTIME_DIR
    Map<String, Object> heir;
    if (System.getProperty("user.name").equals("root")) {
      // The store's mount is not the logout's to delete, but what lies in it is.
      Files.delete(zublk.runDir().resolve("store/0.store"));
    }
    heir = zublk.create("--size", "2M");
    assertThat(heir).containsEntry("id", 0);
    Zublk.kill(orphan, "TERM");
    Zublk.awaitEnd(orphan);
    assertThat(zublk.stat(0)).containsEntry("size", 2 << 20).containsEntry("pid", heir.get("pid"));
    assertThat(Zublk.tool("nbdinfo", "--size", heir.get("path").toString()).strip())
        .isEqualTo("2097152");
    String store = Files.readString(device(0).resolve("device.json"));
    assertThat(Path.of(store.replaceAll(".*\"storeFile\":\"([^\"]*)\".*\\s*", "$1"))).exists();
  }

  @Test
  void aFileAtADeadDevicesAddressIsNotItsSocket() throws Exception {
    Path address = temp.resolve("nbd.sock");
    dead("--size", "1M", "--id", "4", "--listen", "unix:" + address);
    Files.delete(address);
    Files.writeString(address, "data");
    zublk.run("remove", "4").ok();
    assertThat(address).hasContent("data");
  }

  @Test
  void aCodecThatThisCpuCannotRunLeavesNoStoreFile() throws Exception {
    needRoot();
    String cpu = Files.readString(Path.of("/proc/cpuinfo"));
    assumeTrue(cpu.contains(" avx2 "), "this CPU has other obstacles than a lack of AVX2");
    Path old = Files.writeString(temp.resolve("cpuinfo"), cpu.replace(" avx2 ", " "));
    zublk.create("--size", "1M", "--algorithm", "zstd");
    String script = "mount --bind \"$0\" /proc/cpuinfo && exec \"$@\"";
    List<String> onAnOldCpu = List.of("unshare", "--mount", "sh", "-c", script, old.toString());
    zublk
        .await(zublk.start(onAnOldCpu, "create", "-s", "1M", "--transport", "nbd"))
        .refused("avx2");
    assertThat(zublk.runDir().resolve("store/1.store")).doesNotExist();
    assertThat(device(1)).doesNotExist();
    assertThat(zublk.create("--size", "1M")).containsEntry("id", 1);
  }

  @Test
  void aFullRunDirectoryIsNamedAndNothingIsLeftInIt() throws Exception {
    needRoot();
    Path disk = Files.createDirectory(temp.resolve("disk"));
    Zublk full = new Zublk(temp, Zublk.DIST, disk.resolve("run"));
    undo.add(List.of("umount", disk.toString()));
    // Room for the directory itself, and then for one thing more each time.
    Zublk.tool("mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=2,mode=0700", "tmpfs", disk + "");
    int inodes = 2;
    Zublk.Result result = full.run("create", "-s", "1M", "--transport", "nbd");
    while (result.status() != 0) {
      result.refused(disk.toString(), "space");
      full.assertNothingLeft();
      Zublk.tool("mount", "-o", "remount,nr_inodes=" + ++inodes, disk.toString());
      result = full.run("create", "-s", "1M", "--transport", "nbd");
    }
    full.run("remove", "0").ok();
    full.assertNothingLeft();
    assertThat(inodes).as("directories, locks, record, log, sockets").isGreaterThan(8);
    Files.write(disk.resolve("ballast"), new byte[(1 << 20) - (4 << 10)]);
    full.run("create", "-s", "1M", "--transport", "nbd").refused(disk.toString(), "space");
    full.assertNothingLeft();
  }

  @Test
  void filesAreTheirOwnersAloneWhateverTheUmask() throws Exception {
    List<String> careless = List.of("sh", "-c", "umask 0; exec \"$0\" \"$@\"");
    zublk.await(zublk.start(careless, "create", "-s", "1M", "--transport", "nbd")).ok();
    assertThat(permissions(zublk.runDir())).isEqualTo("rwx------");
    assertThat(permissions(device(0))).isEqualTo("rwx------");
    try (Stream<Path> files = Files.list(device(0))) {
      for (Path file : files.toList()) {
        assertThat(permissions(file)).as(file.toString()).isEqualTo("rw-------");
      }
    }
  }

  @Test
  void aControlRequestThatIsNoObjectIsRefusedInWords() throws Exception {
    zublk.create("--size", "1M");
    try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      client.connect(UnixDomainSocketAddress.of(device(0).resolve("control.sock")));
      client.write(ByteBuffer.wrap("null\n".getBytes(StandardCharsets.UTF_8)));
      String answer =
          new String(Channels.newInputStream(client).readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer.strip()).isEqualTo("{\"error\":\"request is not a JSON object\"}");
    }
    assertThat(Files.readString(device(0).resolve("log"))).doesNotContain("Exception");
  }

  @Test
  void anOrdinaryUserWithoutASessionHasADirectoryOfTheirOwn() throws Exception {
    needRoot();
    assumeTrue(!Files.exists(Path.of("/tmp/zublk-65533")), "somebody's devices are there");
    List<String> afterSu =
        List.of(
            "setpriv",
            "--reuid=65533",
            "--regid=65533",
            "--clear-groups",
            "--",
            "env",
            "-u",
            "ZUBLK_RUN_DIR",
            "-u",
            "XDG_RUNTIME_DIR");
    assumeTrue(
        zublk.await(zublk.start(afterSu, "--version")).status() == 0, "may not read the checkout");
    String uri = zublk.await(zublk.start(afterSu, "create", "-s", "1M")).ok().line();
    assertThat(uri).contains("/tmp/zublk-65533/0/");
    assertThat(permissions(Path.of("/tmp/zublk-65533"))).isEqualTo("rwx------");
    zublk.await(zublk.start(afterSu, "remove", uri)).ok();
    assertThat(Path.of("/tmp/zublk-65533")).doesNotExist();
    Path planted = Files.createSymbolicLink(Path.of("/tmp/zublk-65533"), temp);
    try {
      zublk.await(zublk.start(afterSu, "create", "-s", "1M")).refused("/tmp/zublk-65533", "link");
    } finally {
      Files.delete(planted);
    }
  }
}
