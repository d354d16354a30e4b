package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.zublk.block.BlockChannel;
import io.zublk.store.PageStore;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Devices from the first command to the last, with the processes and the clients of real life. */
class DeviceLifeTest extends WithDevices {

  private static final int MIB = 1 << 20;

  @Test
  void servesDataAndTellsTheTruthAboutIt() throws Exception {
    Path image = image(8, 2); // 6 MiB of noise that does not shrink, 2 MiB of zeros
    Zublk.Result created =
        zublk.run("create", "--size", "16M", "--algorithm", "zstd(level=3)", "--id", "5").ok();
    String uri = created.line();
    assertThat(uri).startsWith("nbd+unix:///?socket=");
    assertThat(created.err()).hasLineCount(1).startsWith("zublk: transport: nbd");

    Zublk.tool("nbdcopy", "--destination-is-zero", image.toString(), uri);
    Map<String, Object> stat = zublk.statWhen(uri, now -> isAtRest(now, 7 * MIB));
    assertThat(stat)
        .containsEntry("id", 5)
        .containsEntry("path", uri)
        .containsEntry("algorithm", "zstd(level=3)")
        .containsEntry("size", 16 * MIB)
        .containsEntry("orig_data_size", 6 * MIB)
        .containsEntry("huge_pages", 6 * MIB / 4096)
        .containsEntry("mem_limit", 0)
        .containsEntry("io_errors", 0)
        .containsEntry("checksum_errors", 0)
        .containsEntry("nbd_connections", 0);
    assertThat(number(stat, "mem_used_total")).isBetween(6L * MIB, 7L * MIB);
    assertThat(number(stat, "rss")).isGreaterThan(16 * MIB);
    assertThat(ProcessHandle.of(number(stat, "pid"))).isPresent();

    Path back = temp.resolve("back");
    Zublk.tool("nbdcopy", uri, back.toString());
    assertThat(Files.mismatch(image, back)).isEqualTo(8L * MIB); // only zeros follow
    Zublk.tool("qemu-io", "-f", "raw", "-c", "discard 0 16M", uri);
    assertThat(zublk.stat(5)).containsEntry("orig_data_size", 0);
    zublk.run("remove", uri).ok();
    zublk.assertNothingLeft();
  }

  /** When everything is compressed, and what that took is given back: in seconds. */
  private static boolean isAtRest(Map<String, Object> stat, long mostMemory) {
    return number(stat, "staged_pages") == 0 && number(stat, "mem_used_total") <= mostMemory;
  }

  private static long number(Map<String, Object> stat, String name) {
    return ((Number) stat.get(name)).longValue();
  }

  private Path image(int mebibytes, int zeros) throws IOException {
    byte[] bytes = new byte[mebibytes * MIB];
    new Random(1).nextBytes(bytes);
    java.util.Arrays.fill(bytes, bytes.length - zeros * MIB, bytes.length, (byte) 0);
    return Files.write(temp.resolve("image"), bytes);
  }

  @Test
  void printsZramsFilesWithTheirFields() throws Exception {
    zublk.create("--size", "1M", "--mem-limit", "512K");
    assertThat(zublk.run("stat", "0", "--mm-stat").ok().line()).matches("(\\d+ ){8}\\d+");
    assertThat(zublk.run("stat", "0", "--mm-stat").ok().line()).matches("\\d+ \\d+ \\d+ 524288 .*");
    assertThat(zublk.run("stat", "0", "--io-stat").ok().line()).isEqualTo("0 0 0 0");
    assertThat(zublk.run("stat", "0", "--bd-stat").ok().line()).isEqualTo("0 0 0");
    assertThat(JSON.std.mapFrom(zublk.run("stat", "0", "--io-stat", "--json").ok().line()))
        .containsOnlyKeys("failed_reads", "failed_writes", "invalid_io", "notify_free");
  }

  @Test
  void runsWithTheSettingsThatWereAskedFor() throws Exception {
    Map<String, Object> plain = zublk.stat(zublk.create("--size", "1M").get("id"));
    assertThat(plain).containsEntry("preset", "default").containsEntry("numa_node", -1);
    String options =
        "create --size 1M --transport nbd --max-perf --workers 2 --batch-pages 100 "
            + "--staging 1M --cpu-affinity 0";
    Zublk.Result created = zublk.run(options.split(" ")).ok();
    assertThat(created.err()).hasLineCount(1).contains("--max-perf", "no queues to poll");
    Map<String, Object> stat = zublk.stat(1);
    assertThat(stat)
        .containsEntry("preset", "max-perf")
        .containsEntry("workers", 2)
        .containsEntry("batch_pages", 100)
        .containsEntry("batch_timeout_us", 25)
        .containsEntry("staging_bytes_max", MIB)
        .containsEntry("cpu_affinity", "0")
        .containsEntry("polling", false)
        .containsEntry("nbd_workers", 1);
    assertThat(affinities(stat.get("pid"))).containsExactly("0");
  }

  /** The different lists of CPUs that the threads of a process may use. */
  private static Set<String> affinities(Object pid) throws IOException {
    Set<String> lists = new TreeSet<>();
    try (java.util.stream.Stream<Path> threads = Files.list(Path.of("/proc/" + pid + "/task"))) {
      for (Path thread : threads.toList()) {
        for (String line : Files.readAllLines(thread.resolve("status"))) {
          if (line.startsWith("Cpus_allowed_list:")) {
            lists.add(line.substring(line.indexOf(':') + 1).strip());
          }
        }
      }
    }
    return lists;
  }

  @Test
  void listsAsZramctlDoes() throws Exception {
    assertThat(zublk.run("list").ok().line())
        .isEqualTo("NAME ALGORITHM DISKSIZE DATA COMPR TOTAL STREAMS MOUNTPOINT ID");
    assertThat(zublk.run("list", "-n").ok().out()).isEmpty();
    assertThat(zublk.run("list", "--json").ok().line()).isEqualTo("{\"devices\":[]}");
    String uri = zublk.create("--size", "3M").get("path").toString();
    String socket = zublk.runDir().resolve("0/nbd.sock").toString();
    assertThat(zublk.run("list", "-n", "-o", "NAME,DISKSIZE").ok().line())
        .isEqualTo("unix:" + socket + " 3M");
    assertThat(zublk.run("list", "-n", "-o", "PATH").ok().line()).isEqualTo(uri);
    assertThat(zublk.run("list", "-b", "-n", "--raw", "-o", "disksize,mountpoint").ok().line())
        .isEqualTo("3145728 -");
    assertThat(zublk.run("list", "--json", "-o", "NAME,DATA").ok().line())
        .isEqualTo("{\"devices\":[{\"path\":\"" + uri + "\",\"orig_data_size\":0}]}");
    assertThat(zublk.run("list", "-n", "--raw", "-o", "+STATE,TRANSPORT").ok().line())
        .matches("unix:\\S+ lz4 3M 0B 0B \\S+ \\d+ - 0 serving nbd");
    assertThat(zublk.run("list", "--output-all").ok().out()).hasLineCount(2).contains("RSS");
  }

  @Test
  void listAndStatCallTheSameThingsTheSame() throws Exception {
    zublk.create("--size", "3M");
    List<?> devices =
        (List<?>) JSON.std.mapFrom(zublk.run("list", "--json").ok().line()).get("devices");
    Map<?, ?> listed = (Map<?, ?>) devices.getFirst();
    Map<String, Object> stat = zublk.stat(0);
    assertThat(listed.get("state")).isEqualTo("serving");
    assertThat(listed.keySet().stream().filter(name -> !stat.containsKey(name)).toList())
        .hasToString("[state]"); // a device that answers is serving
    for (String name : List.of("id", "path", "size", "algorithm", "transport", "pid")) {
      assertThat(listed.get(name)).as(name).isEqualTo(stat.get(name));
    }
  }

  @Test
  void aDeviceHasSeveralNames() throws Exception {
    String uri = zublk.create("--size", "1M").get("path").toString();
    String socket = zublk.runDir().resolve("0/nbd.sock").toString();
    for (String name : List.of("0", uri, socket, "unix:" + socket)) {
      assertThat(zublk.stat(name)).containsEntry("id", 0);
    }
    String tcp = zublk.create("--size", "1M", "--listen", "tcp:127.0.0.1:0").get("path").toString();
    zublk.run("remove", tcp.replaceFirst("/$", "")).ok();
    assertThat(zublk.run("list", "-n", "-o", "ID").ok().line()).isEqualTo("0");
  }

  @Test
  void allStatisticsAreThereForPeopleTooAndNothingIsUnexplained() throws Exception {
    zublk.create("--size", "3M");
    List<String> lines = zublk.run("stat", "0", "--all").ok().out().lines().toList();
    assertThat(lines).contains("Device", "Memory", "Errors", "NBD").doesNotContain("Other");
    assertThat(lines).contains("  size                     3145728        bytes, 3M");
    assertThat(lines.subList(0, 9)).anyMatch(line -> line.startsWith("  ratio "));
    assertThat(lines.stream().map(line -> line.strip().split(" ", 2)[0]))
        .contains("mem_used_max", "nbd_reads");
  }

  @Test
  void statSaysWhatMattersInAPageful() throws Exception {
    String uri = zublk.create("--size", "3M", "--mem-limit", "2M").get("path").toString();
    Zublk.tool("qemu-io", "-f", "raw", "-c", "write 0 1M", uri);
    List<String> lines = zublk.run("stat", "0").ok().out().lines().toList();
    assertThat(lines).hasSizeBetween(15, 40).contains("Device 0", "Memory", "Requests");
    assertThat(lines).anyMatch(line -> line.matches("  present +1M, 33 % of the device"));
    assertThat(lines).anyMatch(line -> line.matches("  writes +\\d+, 1M"));
    assertThat(lines).anyMatch(line -> line.matches("  limit +2M"));
    assertThat(lines).doesNotContain("ublk").contains("No errors");
  }

  @Test
  void findSaysTheIdThatCreateWouldTake() throws Exception {
    assertThat(zublk.run("find").ok().line()).isEqualTo("0");
    assertThat(zublk.runDir()).doesNotExist();
    zublk.create("--size", "1M");
    zublk.create("--size", "1M", "--id", "2");
    String id = zublk.run("find").ok().line();
    assertThat(id).isEqualTo("1");
    zublk.create("--size", "1M", "--id", id);
    assertThat(zublk.run("find").ok().line()).isEqualTo("3");
    Zublk.Result made = zublk.run("find", "-s", "1M", "--transport", "nbd", "--json").ok();
    assertThat(JSON.std.mapFrom(made.line())).containsEntry("id", 3);
  }

  @Test
  void fiveAtOnceAreFiveDevices() throws Exception {
    List<Process> creates = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      creates.add(zublk.start(List.of(), "create", "--json", "-s", "1M", "--transport", "nbd"));
    }
    Set<Object> ids = new TreeSet<>();
    Set<Object> paths = new TreeSet<>();
    for (Process create : creates) {
      Map<String, Object> made = JSON.std.mapFrom(zublk.await(create).ok().line());
      ids.add(made.get("id"));
      paths.add(made.get("path"));
    }
    assertThat(ids).containsExactly(0, 1, 2, 3, 4);
    assertThat(paths).hasSize(5);
    assertThat(zublk.run("list", "-n").ok().out()).hasLineCount(5);
    assertThat(zublk.processes()).hasSize(5);
    zublk.run("remove", "1", "3").ok();
    assertThat(zublk.create("--size", "1M")).containsEntry("id", 1);
    zublk.run("remove", "--all").ok();
    zublk.assertNothingLeft();
  }

  @Test
  void onlyOneGetsAnIdThatSeveralAskFor() throws Exception {
    List<Process> creates = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      creates.add(zublk.start(List.of(), "create", "-s", "1M", "--id", "7", "--transport", "nbd"));
    }
    int made = 0;
    for (Process create : creates) {
      Zublk.Result result = zublk.await(create);
      if (result.status() == 0) {
        made++;
      } else {
        result.refused("id 7 is taken");
      }
    }
    assertThat(made).isOne();
    assertThat(zublk.processes()).hasSize(1);
  }

  @Test
  void sigtermStopsItCleanly() throws Exception {
    Object pid = zublk.create("--size", "1M").get("pid");
    Zublk.kill(pid, "TERM");
    Zublk.awaitEnd(pid);
    zublk.awaitNoKeeper();
    zublk.assertNothingLeft();
  }

  @Test
  void keepsTheDataOfAKilledProcessUntilItIsRemoved() throws Exception {
    Map<String, Object> killed = zublk.create("--size", "16M", "--on-crash", "keep");
    Object alive = zublk.create("--size", "1M").get("id");
    Path image = image(8, 2);
    Zublk.tool("nbdcopy", image.toString(), killed.get("path").toString());
    Zublk.die(killed.get("pid"));
    assertThat(contents(zublk.storeFile(0), 8 * MIB)).isEqualTo(Files.readAllBytes(image));

    Zublk.Result list = zublk.run("list", "-n", "-o", "ID").ok();
    assertThat(list.line()).isEqualTo(alive.toString());
    assertThat(list.err()).contains("device 0", "dead", "zublk remove 0");
    Zublk.Result states = zublk.run("list", "-n", "-o", "ID,STATE").ok();
    assertThat(states.out())
        .isEqualTo(" 0 dead\n%2s serving\n".formatted(alive).replaceAll("(?m)^ ", ""));
    assertThat(zublk.run("list", "--json").ok().line()).contains("\"id\":0,\"state\":\"dead\"");
    zublk.run("stat", "0").refused("device 0 is dead", "zublk remove 0");
    assertThat(zublk.create("--size", "1M")).containsEntry("id", 2);
    zublk.run("remove", "0").ok();
    assertThat(zublk.run("list").ok().err()).isEmpty();
    zublk.run("remove", "--all").ok();
    zublk.assertNothingLeft();
  }

  /** What a store file holds that nobody serves, by the page store itself. */
  private static byte[] contents(Path storeFile, int length) throws IOException {
    try (Arena arena = Arena.ofConfined();
        PageStore store = PageStore.open(storeFile);
        BlockChannel channel = store.openChannel()) {
      MemorySegment buffer = arena.allocate(length, 4096);
      assertThat(channel.read(0, buffer, 0, length)).isZero();
      return buffer.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  @Test
  void doesNotPullTheDeviceFromUnderAClient() throws Exception {
    String uri = zublk.create("--size", "1M").get("path").toString();
    Process client = new ProcessBuilder("qemu-io", "-f", "raw", uri).start();
    try {
      client.getOutputStream().write("write 0 4096\n".getBytes(StandardCharsets.UTF_8));
      client.getOutputStream().flush();
      assertThat(client.inputReader().readLine()).contains("wrote 4096/4096");
      String use = "in use by 1 client: qemu-io (process " + client.pid() + ")";
      zublk.run("remove", uri).refused(uri, use, "--force");
      assertThat(zublk.run("remove", uri, "--wait", "500ms").err())
          .hasLineCount(2)
          .startsWith("zublk: waiting: " + uri + " is in use by 1 client")
          .contains("\nzublk: after 500 ms: " + uri + " is in use by 1 client");
      assertThat(zublk.stat(uri)).containsEntry("orig_data_size", 4096);
      zublk.run("remove", uri, "--force").ok();
      zublk.assertNothingLeft();
    } finally {
      client.destroyForcibly().waitFor();
    }
  }

  @Test
  void removesADeviceOnceItsClientHasGone() throws Exception {
    String uri = zublk.create("--size", "1M").get("path").toString();
    Process client = new ProcessBuilder("qemu-io", "-f", "raw", uri).start();
    try {
      client.getOutputStream().write("write 0 4096\n".getBytes(StandardCharsets.UTF_8));
      client.getOutputStream().flush();
      assertThat(client.inputReader().readLine()).contains("wrote 4096/4096");
      Process remove = zublk.start(List.of(), "remove", uri, "--wait", "2m");
      while (zublk.stderr(remove).isEmpty()) {
        assertThat(remove.isAlive()).isTrue();
        Thread.sleep(5);
      }
      client.getOutputStream().close();
      assertThat(zublk.await(remove).ok().err()).startsWith("zublk: waiting: ").hasLineCount(1);
      zublk.assertNothingLeft();
    } finally {
      client.destroyForcibly().waitFor();
    }
  }

  @Test
  void aProcessThatDoesNotAnswerIsRemovedByForceAndNothingIsLeft() throws Exception {
    Zublk.suspend(zublk.create("--size", "1M").get("pid"));
    zublk.run("remove", "0", "--force").ok();
    zublk.assertNothingLeft();
  }

  @Test
  void servesOnAPortOfTheSystemsChoice() throws Exception {
    String uri = zublk.create("--size", "1M", "--listen", "tcp:127.0.0.1:0").get("path").toString();
    assertThat(uri).matches("nbd://127\\.0\\.0\\.1:\\d+/?");
    assertThat(Zublk.tool("nbdinfo", "--size", uri).strip()).isEqualTo("1048576");
  }

  @Test
  void servesFromTheForeground() throws Exception {
    Process foreground =
        zublk.start(List.of(), "create", "-s", "1M", "--transport", "nbd", "--foreground");
    String uri = foreground.inputReader().readLine();
    assertThat(Zublk.tool("nbdinfo", "--size", uri).strip()).isEqualTo("1048576");
    assertThat(zublk.stat(0)).containsEntry("pid", (int) foreground.pid());
    foreground.destroy();
    assertThat(foreground.waitFor()).isZero();
    zublk.assertNothingLeft();
  }

  @Test
  void keepsItsFilesFromOthers() throws Exception {
    zublk.create("--size", "1M");
    for (String name : List.of("control.sock", "nbd.sock", "lock")) {
      Path file = zublk.runDir().resolve("0").resolve(name);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .as(name)
          .isEqualTo("rw-------");
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(zublk.runDir())))
        .isEqualTo("rwx------");
  }
}
