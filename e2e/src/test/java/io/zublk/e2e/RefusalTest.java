package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What cannot be had: one clear line, a status that is not 0, and nothing left behind. */
class RefusalTest extends WithRunDirectory {

  private static final Path SHM = Path.of("/dev/shm");
  private static final Pattern STORE_FILE = Pattern.compile("zublk-(\\d+)-.*");

  private Set<String> leftBefore;

  @BeforeEach
  void remember() throws Exception {
    leftBefore = leftInSharedMemory();
  }

  @AfterEach
  void nothingIsLeftInSharedMemory() throws Exception {
    assertThat(leftBefore).containsAll(leftInSharedMemory());
  }

  /** The store files whose process is gone; those of others' devices come and go meanwhile. */
  private static Set<String> leftInSharedMemory() throws Exception {
    try (Stream<Path> files = Files.list(SHM)) {
      return files
          .map(file -> STORE_FILE.matcher(file.getFileName().toString()))
          .filter(name -> name.matches() && !isAlive(name.group(1)))
          .map(Matcher::group)
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private static boolean isAlive(String pid) {
    return Files.exists(Path.of("/proc", pid));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--size 0",
        "--size 4097",
        "--size 2T",
        "--size 1G --frobnicate",
        "--size 1G --algorithm lzo",
        "--size 1G --mem-limit 4K",
        "--size 1G --cpu-affinity 8191",
        "--size 1G --numa-node 1023",
        "--size 1G --polling",
        "--size 1G --swap",
        "--size 1G --listen unix:/no/such/directory/socket"
      })
  void badInput(String options) throws Exception {
    zublk.run(("create --transport nbd " + options).split(" ")).refused();
  }

  @Test
  void portInUse() throws Exception {
    try (ServerSocket taken = new ServerSocket()) {
      taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      String port = Integer.toString(taken.getLocalPort());
      zublk.run("create", "-s", "1M", "--listen", "tcp:127.0.0.1:" + port).refused(port, "in use");
    }
  }

  /** Whether it is the driver that is missing or a capability; and no NBD in its stead. */
  @Test
  void swapWithoutADriver() throws Exception {
    assumeTrue(!Files.exists(Path.of("/dev/ublk-control")), "there is a driver");
    zublk.run("create", "-s", "1M", "--swap").refused("--swap", "cannot be had");
  }

  @Test
  void noDriver() throws Exception {
    assumeTrue(!Files.exists(Path.of("/dev/ublk-control")), "this machine has a ublk driver");
    zublk
        .run("create", "-s", "1M", "--transport", "ublk")
        .refused("ublk", "driver", "--transport nbd");
    zublk.run("create", "-s", "1M", "--queues", "2").refused("--queues", "ublk");
    zublk.run("create", "-s", "1M", "--high-perf", "--polling").refused("--polling", "ublk");
  }

  @Test
  void aCpuThatIsNotForUs() throws Exception {
    assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "there is only one CPU");
    List<String> first = List.of("taskset", "-c", "0");
    String[] create = "create -s 1M --transport nbd --cpu-affinity 1".split(" ");
    zublk.await(zublk.start(first, create)).refused("CPU 1 may not be used", "only 0");
  }

  @Test
  void runDirectoryThatCannotBe() throws Exception {
    Files.createFile(temp.resolve("run"));
    zublk.run("create", "-s", "1M", "--transport", "nbd").refused("run", "ZUBLK_RUN_DIR");
    Files.delete(temp.resolve("run"));
  }

  @Test
  void idTaken() throws Exception {
    zublk.create("--size", "1M", "--id", "2");
    zublk.run("create", "-s", "1M", "--id", "2", "--transport", "nbd").refused("id 2", "taken");
    assertThat(zublk.stat(2)).containsEntry("size", 1 << 20);
    zublk.run("remove", "2").ok();
  }

  @Test
  void noSuchDevice() throws Exception {
    zublk.run("stat", "0").refused("no device '0'");
    zublk.run("remove", "0").refused("no device '0'");
    zublk.run("remove", "/dev/sda").refused("no device '/dev/sda'");
    zublk.run("remove", "--all").ok();
  }

  @Test
  void startThatIsInterrupted() throws Exception {
    // At moments from before the device's process exists to after it serves.
    for (int delayMillis : List.of(50, 150, 250, 350, 450, 600, 900)) {
      Process create = zublk.start(List.of(), "create", "-s", "1M", "--transport", "nbd");
      Thread.sleep(delayMillis);
      create.toHandle().destroy(); // SIGTERM; Process.destroy() would also close its output
      Zublk.Result result = zublk.await(create);
      if (result.status() == 0) {
        zublk.run("remove", "0").ok(); // it was quicker
      } else {
        // Of us: a JVM that is hardly there yet may have something to say itself.
        assertThat(result.err()).doesNotContain("zublk: ");
      }
      zublk.assertNothingLeft();
    }
  }

  @Test
  void startWhoseParentIsKilled() throws Exception {
    Process create = zublk.start(List.of(), "create", "-s", "1M", "--transport", "nbd");
    while (zublk.processes().isEmpty() && create.isAlive()) {
      Thread.sleep(1);
    }
    create.destroyForcibly().waitFor();
    while (!zublk.processes().isEmpty()) {
      if (zublk.run("list", "-n").ok().out().contains("nbd")) {
        zublk.run("remove", "--all").ok(); // it was quicker
      }
      Thread.sleep(20);
    }
  }

  @Test
  void withoutPrivilegesThereIsNbdOnly() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root can become nobody");
    Files.setAttribute(temp, "unix:mode", 01777); // as /tmp is
    assumeTrue(zublk.runAsNobody("--version").status() == 0, "nobody may not read the checkout");
    zublk.runAsNobody("create", "-s", "1M", "--transport", "ublk").refused("ublk");
    String uri = zublk.runAsNobody("create", "-s", "1M").ok().line();
    assertThat(zublk.runAsNobody("stat", uri, "--json").ok().out()).contains("/dev/shm");
    Path file = zublk.storeFile(0);
    assertThat(file).exists();
    zublk.runAsNobody("remove", uri).ok();
    assertThat(file).doesNotExist();
  }
}
