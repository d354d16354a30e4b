package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.zublk.uring.sys.LinuxFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A device whose process was killed is taken into service again, or refused in a line and kept. */
@Timeout(300)
class RecoveryTest extends WithDevices {

  private static final int MIB = 1 << 20;

  /** Nobody recovers it but the test. */
  private Map<String, Object> create(String... options) throws Exception {
    List<String> all = new ArrayList<>(List.of(options));
    all.add("--on-crash=keep");
    return zublk.create(all.toArray(String[]::new));
  }

  private Map<String, Object> dead(String... options) throws Exception {
    Map<String, Object> made = create(options);
    Zublk.die(made.get("pid"));
    return made;
  }

  private Path storeFile(int id) throws IOException {
    String record = Files.readString(zublk.runDir().resolve(id + "/device.json"));
    return Path.of(JSON.std.mapFrom(record).get("storeFile").toString());
  }

  private static void qemuIo(Object uri, String command) throws Exception {
    assertThat(Zublk.tool("qemu-io", "-f", "raw", "-c", command, uri.toString()))
        .doesNotContain("failed");
  }

  @Test
  void isWhatItWas() throws Exception {
    Map<String, Object> made =
        create(
            "--size=16M",
            "--id=5",
            "--algorithm=zstd(level=4)",
            "--mem-limit=12M",
            "--listen=tcp:127.0.0.1:0",
            "--export-name=disk",
            "--workers=0");
    Object path = made.get("path");
    qemuIo(path, "write -P 7 1M 2M");
    Zublk.die(made.get("pid"));
    Map<String, Object> again = zublk.recover(path);
    assertThat(again.get("pid")).isNotEqualTo(made.get("pid"));
    for (String name : List.of("id", "path", "size", "algorithm", "transport")) {
      assertThat(again.get(name)).as(name).isEqualTo(made.get(name));
    }
    assertThat(zublk.stat(5))
        .containsEntry("mem_limit", 12 * MIB)
        .containsEntry("workers", 0)
        .containsEntry("orig_data_size", 2 * MIB);
    qemuIo(path, "read -P 7 1M 2M");
    assertThat(Zublk.tool("nbdinfo", "--list", path.toString())).contains("export=\"disk\"");
    assertThat(zublk.runDir().resolve("5/log"))
        .content()
        .contains("making it", "recovering it: process " + made.get("pid") + " ended");
    zublk.run("remove", "5").ok();
    zublk.assertNothingLeft();
  }

  /** Of each page all versions are known; what was acknowledged is there, or what came after it. */
  @Test
  void holdsAllThatWasAcknowledgedAfterTwentyKills() throws Exception {
    holdsAllAfterKills(20);
  }

  @Test
  @Tag("long")
  @Timeout(3600)
  void holdsAllThatWasAcknowledgedAfterTwoHundredKills() throws Exception {
    holdsAllAfterKills(200);
  }

  private void holdsAllAfterKills(int times) throws Exception {
    Map<String, Object> device = create("--size=8M");
    Random random = new Random(1);
    try (VersionedPages pages = new VersionedPages(zublk.runDir().resolve("0/nbd.sock"), 2048)) {
      for (int kills = 0; kills < times; kills++) {
        pages.connect();
        Thread writer = Thread.ofPlatform().start(pages::writeUntilHungUp);
        Thread.sleep(random.nextInt(60));
        Zublk.die(device.get("pid"));
        writer.join();
        device = zublk.recover(0);
        pages.connect();
        pages.verify();
      }
      assertThat(pages.acknowledged()).isPositive();
    }
    assertThat(zublk.stat(0)).containsEntry("checksum_errors", 0);
  }

  /** Its requests wait, whatever the load has left to do; its connection is the same afterwards. */
  @Test
  @Tag("long")
  void aClientWaitsForAMinuteForAProcessThatIsStopped() throws Exception {
    Object pid = create("--size=8M").get("pid");
    try (VersionedPages pages = new VersionedPages(zublk.runDir().resolve("0/nbd.sock"), 2048)) {
      pages.connect();
      AtomicBoolean enough = new AtomicBoolean();
      CompletableFuture<Void> writer =
          CompletableFuture.runAsync(() -> pages.writeUntil(enough::get));
      while (pages.acknowledged() < 1000) {
        Thread.sleep(1);
      }
      Zublk.suspend(pid);
      Thread.sleep(60_000);
      long before = pages.acknowledged();
      Zublk.kill(pid, "CONT");
      while (pages.acknowledged() < before + 1000) {
        Thread.sleep(1);
      }
      enough.set(true);
      writer.join();
      assertThat(pages.longestPause()).isGreaterThan(50_000);
      pages.verify();
    }
    assertThat(zublk.stat(0)).containsEntry("pid", pid).containsEntry("recoveries", 0);
  }

  @Test
  void aClientThatReconnectsNoticesAPause() throws Exception {
    Path socket = temp.resolve("nbd.sock");
    Object pid = create("--size=8M", "--listen=unix:" + socket).get("pid");
    String image =
        "driver=nbd,server.type=unix,server.path=%s,reconnect-delay=120".formatted(socket);
    Process client = new ProcessBuilder("qemu-io", "--image-opts", image).start();
    try {
      tell(client, "write -P 3 0 1M");
      assertThat(answer(client)).contains("wrote 1048576/1048576");
      Zublk.die(pid);
      tell(client, "aio_write -P 4 1M 1M\naio_read -P 3 0 1M\naio_flush");
      zublk.recover(0);
      tell(client, "read -P 4 1M 1M");
      assertThat(List.of(answer(client), answer(client), answer(client)))
          .allMatch(line -> line.matches(".*(wrote|read) 1048576/1048576.*"));
    } finally {
      client.destroyForcibly().waitFor();
    }
  }

  private static void tell(Process client, String commands) throws IOException {
    client.getOutputStream().write((commands + "\n").getBytes(StandardCharsets.UTF_8));
    client.getOutputStream().flush();
  }

  /** The next line that says what came of a request. */
  private static String answer(Process client) throws IOException {
    String line = client.inputReader().readLine();
    while (line != null && !line.matches(".*(wrote|read|failed).*")) {
      line = client.inputReader().readLine();
    }
    return String.valueOf(line);
  }

  @Test
  void ofSeveralWhoRecoverItOneWins() throws Exception {
    dead("--size=1M");
    List<Process> recoverers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      recoverers.add(zublk.start(List.of(), "recover", "0"));
    }
    int winners = 0;
    for (Process recoverer : recoverers) {
      Zublk.Result result = zublk.await(recoverer);
      if (result.status() == 0) {
        winners++;
      } else {
        result.refused("device 0 needs no recovery: process");
        assertThat(result.status()).isOne();
      }
    }
    assertThat(winners).isOne();
    assertThat(zublk.processes()).hasSize(1);
    zublk.run("recover", "0").refused("device 0 needs no recovery", "serves it");
  }

  /** Wherever the process is when it dies: claiming, opening, compressing, listening. */
  @Test
  void canBeRecoveredAfterADeathInTheMiddleOfIt() throws Exception {
    Object path = create("--size=8M").get("path");
    qemuIo(path, "write -P 9 0 8M");
    Zublk.die(zublk.stat(0).get("pid"));
    for (int delay = 0; delay <= 240; delay += 40) {
      Process command = zublk.start(List.of(), "recover", "0");
      while (zublk.processes().isEmpty() && command.isAlive()) {
        Thread.sleep(1);
      }
      Thread.sleep(delay);
      for (long pid : zublk.processes()) {
        Zublk.die(pid);
      }
      zublk.await(command);
      assertThat(zublk.run("list", "-n").ok().err()).contains("device 0", "is dead");
    }
    zublk.recover(0);
    qemuIo(path, "read -P 9 0 8M");
  }

  @Test
  void createWithItsIdTakesADeadDeviceOnlyIfToldTo() throws Exception {
    zublk.run("create", "--recover", "--id=3").refused("no dead device 3", "--size");
    String[] create = {
      "create", "-s=2M", "--id=3", "--on-crash=keep", "--transport=nbd", "--recover"
    };
    String path = zublk.run(create).ok().line();
    qemuIo(path, "write -P 5 0 1M");
    zublk.run(create).refused("id 3 is taken by a running device");
    Zublk.die(zublk.stat(3).get("pid"));
    zublk
        .run("create", "-s=2M", "--id=3", "--transport=nbd")
        .refused("id 3 is taken by a dead device", "zublk recover 3", "zublk remove 3");
    create[1] = "-s=1M";
    Zublk.Result again = zublk.run(create).ok();
    assertThat(again.line()).isEqualTo(path);
    assertThat(again.err()).contains("device 3 has the size it was made with, 2M");
    qemuIo(path, "read -P 5 0 1M");
    Process foreground = killedAndServedFromTheForeground();
    qemuIo(path, "read -P 5 0 1M");
    foreground.destroy();
    assertThat(foreground.waitFor()).isZero();
    zublk.assertNothingLeft();
  }

  private Process killedAndServedFromTheForeground() throws Exception {
    Zublk.die(zublk.stat(3).get("pid"));
    Process foreground = zublk.start(List.of(), "create", "--recover", "--id=3", "--foreground");
    assertThat(foreground.inputReader().readLine()).startsWith("nbd+unix:");
    assertThat(zublk.stat(3)).containsEntry("pid", (int) foreground.pid());
    return foreground;
  }

  @Test
  void whatIsNoDeadDeviceIsRefused() throws Exception {
    zublk.run("recover", "0").refused("no device '0'", "does not outlive a reboot");
    dead("--size=1M");
    Path record = zublk.runDir().resolve("0/device.json");
    String good = Files.readString(record);
    Files.writeString(record, good.replace("\"lz4\"", "\"newer\""));
    zublk.run("recover", "0").refused("device 0", "cannot be read", "left alone");
    Files.writeString(record, good);
    zublk.recover(0);
  }

  @Test
  void aStoreThatIsNotTheDevicesIsRefusedAndTheDeviceStaysDead() throws Exception {
    dead("--size=1M");
    dead("--size=1M");
    Path store = storeFile(0);
    Path other = storeFile(1);
    Path aside = store.resolveSibling("aside");
    Files.move(store, aside);
    refusesToRecover("store file " + store + " is gone");
    Files.copy(other, store);
    refusesToRecover("is the store file of another device");
    Files.delete(store);
    Files.move(aside, store);
    zublk.recover(0);
  }

  @Test
  void aDamagedStoreIsRefusedAndTheDeviceStaysDead() throws Exception {
    Object path = dead("--size=1M").get("path");
    Path store = storeFile(0);
    long bytes = Files.size(store);
    truncate(store, bytes - 4096);
    refusesToRecover("bytes instead of " + bytes);
    truncate(store, bytes);
    int layout = overwrite(store, 8, 99);
    refusesToRecover("store layout 99; this zublk reads 3 to " + layout);
    overwrite(store, 8, layout);
    int identity = overwrite(store, 56, -1);
    refusesToRecover("damaged superblock");
    overwrite(store, 56, identity);
    zublk.recover(0);
    qemuIo(path, "read -P 0 0 1M");
  }

  private void refusesToRecover(String reason) throws Exception {
    Zublk.Result result = zublk.run("recover", "0");
    result.refused("device 0 cannot be recovered", reason, "is kept until 'zublk remove 0'");
    assertThat(result.status()).isOne();
    assertThat(zublk.run("list").ok().err()).contains("device 0", "is dead", reason);
    zublk.run("stat", "0").refused("device 0 is dead", reason);
    assertThat(zublk.runDir().resolve("0/log")).content().contains(reason);
  }

  private static void truncate(Path file, long bytes) throws IOException {
    try (LinuxFile opened = LinuxFile.open(file, LinuxFile.O_RDWR, 0)) {
      opened.truncate(bytes);
    }
  }

  private static int overwrite(Path file, long at, int value) throws IOException {
    try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
      opened.seek(at);
      int before = opened.read();
      opened.seek(at);
      opened.write(value);
      return before;
    }
  }

  @Test
  void anAddressThatSomebodyElseHasIsRefusedAndNotTaken() throws Exception {
    Path socket = temp.resolve("nbd.sock");
    dead("--size=1M", "--listen=unix:" + socket);
    Files.delete(socket);
    Files.writeString(socket, "data");
    refusesToRecover("what is there is no socket");
    assertThat(socket).hasContent("data");
    Files.delete(socket);
    zublk.recover(0);
    zublk.run("remove", "0").ok();

    Object uri = dead("--size=1M", "--listen=tcp:127.0.0.1:0").get("path");
    int port = Integer.parseInt(uri.toString().replaceAll("nbd://127.0.0.1:(\\d+)/?", "$1"));
    awaitNobodyListens(port);
    try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      refusesToRecover("the port is in use");
    }
    assertThat(zublk.recover(0)).containsEntry("path", uri);
  }

  /** A process's memory goes before its sockets do. */
  private static void awaitNobodyListens(int port) throws Exception {
    String listener = ":%04X 00000000:0000 0A".formatted(port);
    while (Files.readString(Path.of("/proc/net/tcp")).contains(listener)
        || Files.readString(Path.of("/proc/net/tcp6")).contains(":%04X ".formatted(port))) {
      Thread.sleep(1);
    }
  }
}
