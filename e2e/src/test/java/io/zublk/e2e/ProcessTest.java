package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A device's process in bad times: what it survives, what it says, and what it leaves. */
class ProcessTest extends WithDevices {

  private Process createWithOptions(String javaOptions) throws IOException {
    return zublk.start(
        List.of("env", "ZUBLK_JAVA_OPTIONS=" + javaOptions),
        "create -s 1M --transport nbd".split(" "));
  }

  @Test
  void aStartThatFailsWithAnErrorEndsAndLeavesNothing() throws Exception {
    zublk
        .await(createWithOptions("-XX:MaxDirectMemorySize=16k"))
        .refused("OutOfMemoryError", "direct buffer memory");
  }

  @Test
  void aJvmThatCannotStartNamesTheProblem() throws Exception {
    zublk
        .await(createWithOptions("-XX:+NoSuchOption"))
        .refused("status 1", "Unrecognized VM option 'NoSuchOption'");
  }

  @Test
  void aJvmThatCrashesAtStartSaysHowAndKeepsItsReport() throws Exception {
    Path report = zublk.runDir().resolve("crash.log");
    // A heap that no start fits in, and a JVM that is told to crash for it. One that has a cache
    // would end before, as that does not fit either.
    zublk
        .await(createWithOptions("-XX:AOTMode=off -Xms2m -Xmx2m -XX:+CrashOnOutOfMemoryError"))
        .refused("status 134", "Internal Error", "OutOfMemory encountered", "report is " + report);
    assertThat(report).content().contains("A fatal error has been detected");
    Files.delete(report);
    Files.deleteIfExists(zublk.runDir().resolve("lock")); // stays beside what is no device
  }

  @Test
  void whenDescriptorsRunOutItSaysSoAndServesAgainWhenThereAreSome() throws Exception {
    Object pid = zublk.create("-s", "1M").get("pid");
    zublk.stat(0); // what a first command opens for good is open now
    awaitHungUp();
    Set<Integer> before = descriptors(pid);
    // One is left: a client is accepted, and then there is none to wait for it with.
    limitDescriptors(pid, withOneFree(before) + ":");
    zublk.run("stat", "0").refused("device 0");
    limitDescriptors(pid, "1024:");
    zublk.stat(0);
    awaitHungUp();
    assertThat(descriptors(pid)).hasSameSizeAs(before);
    assertThat(zublk.runDir().resolve("0/log"))
        .content()
        .containsOnlyOnce("control: cannot serve a client: Too many open");
  }

  private static Set<Integer> descriptors(Object pid) throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return open.map(fd -> Integer.valueOf(fd.getFileName().toString()))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  /** A command may have its answer before the device has closed what it opened for it. */
  private void awaitHungUp() throws Exception {
    String socket = zublk.runDir().resolve("0/control.sock").toString();
    while (Files.readAllLines(Path.of("/proc/net/unix")).stream()
            .filter(line -> line.endsWith(" " + socket))
            .count()
        > 1) { // the one that listens
      Thread.sleep(10);
    }
  }

  private static int withOneFree(Set<Integer> open) {
    int limit = 0;
    for (int free = 0; free < 2; limit++) {
      free += open.contains(limit) ? 0 : 1;
    }
    return limit - 1;
  }

  private static void limitDescriptors(Object pid, String limit) throws Exception {
    Zublk.tool("prlimit", "--pid", pid.toString(), "--nofile=" + limit);
  }

  @Test
  void whatTheNbdServerLogsIsInTheDevicesLog() throws Exception {
    var device = zublk.create("-s", "1M");
    Object pid = device.get("pid");
    limitDescriptors(pid, "3:");
    Process client = new ProcessBuilder("nbdinfo", device.get("path").toString()).start();
    Path log = zublk.runDir().resolve("0/log");
    while (!Files.readString(log).contains("io.zublk.nbd: cannot accept a client")) {
      Thread.sleep(10);
    }
    client.destroy();
    limitDescriptors(pid, "1024:");
  }

  @Test
  void whatTheJvmSaysToNobodyIsKept() throws Exception {
    Object pid = zublk.create("-s", "1M").get("pid");
    Path output = zublk.runDir().resolve("0/output");
    while (!Files.exists(output)) {
      Thread.sleep(10); // it is made once the process has told that it serves
    }
    Zublk.kill(pid, "QUIT"); // makes a JVM print its threads
    while (!Files.readString(output).contains("Full thread dump")) {
      Thread.sleep(10);
    }
  }
}
