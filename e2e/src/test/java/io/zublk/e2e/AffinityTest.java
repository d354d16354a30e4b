package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.zublk.uring.sys.CpuList;
import io.zublk.uring.sys.Tasks;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The CPUs of a device that serves, by the kernel's word about each of its threads. */
class AffinityTest extends WithDevices {

  private String all;
  private String first;
  private String last;

  @BeforeEach
  void lookAtTheMachine() throws Exception {
    BitSet cpus = Tasks.affinity();
    assumeTrue(cpus.cardinality() > 1, "there is only one CPU");
    all = CpuList.format(cpus);
    first = Integer.toString(cpus.nextSetBit(0));
    last = Integer.toString(cpus.length() - 1);
  }

  /** What the threads of the process that serves now may use; of one list if all have the same. */
  private Set<String> cpusOfThreads() throws Exception {
    Set<String> lists = new TreeSet<>();
    Path tasks = Path.of("/proc", zublk.stat(0).get("pid").toString(), "task");
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(tasks)) {
      for (Path thread : threads) {
        lists.addAll(cpusOf(thread));
      }
    }
    return lists;
  }

  private static Set<String> cpusOf(Path thread) {
    try {
      return Set.of(
          Files.readString(thread.resolve("status"))
              .replaceAll("(?s).*Cpus_allowed_list:\\s*(\\S*)\\n.*", "$1"));
    } catch (IOException e) {
      return Set.of(); // it has just ended
    }
  }

  private void assertAllAreOn(String cpus) throws Exception {
    assertThat(cpusOfThreads()).containsExactly(cpus);
    assertThat(zublk.stat(0)).containsEntry("cpu_affinity", cpus);
  }

  @Test
  void allThreadsMoveAtOnceAndBack() throws Exception {
    String uri = zublk.create("--size=16M", "--workers=2").get("path").toString();
    try (RawNbdClient client = RawNbdClient.connected(zublk.runDir().resolve("0/nbd.sock"))) {
      assertAllAreOn(all);
      zublk.run("set", "0", "cpu-affinity=" + last).ok();
      assertAllAreOn(last);
      client.ask(1, RawNbdClient.READ, 0, 4096);
      assertThat(client.receive(16).getInt(4)).isZero();
    }
    Zublk.tool("qemu-io", "-f", "raw", "-c", "write -P 7 0 16M", uri);
    assertAllAreOn(last); // those that have come since, too
    zublk.run("set", "0", "cpu-affinity=all").ok();
    assertAllAreOn(all);
  }

  @Test
  void whoGoesOnWithTheDeviceGoesOnThere() throws Exception {
    zublk.create("--size=16M", "--cpu-affinity=" + first, "--standby");
    zublk.statWhen(0, stat -> stat.get("standby") instanceof Integer);
    zublk.run("set", "0", "cpu-affinity=" + last).ok();
    assertAllAreOn(last);
    Zublk.kill(zublk.stat(0).get("pid"), "KILL");
    assertThat(zublk.statWhenServed(0)).containsEntry("recoveries", 1);
    assertAllAreOn(last);
    Map<String, Object> _ = zublk.upgrade(0);
    assertAllAreOn(last);
    zublk.run("set", "0", "cpu-affinity=all").ok();
    Map<String, Object> _ = zublk.upgrade(0);
    assertAllAreOn(all);
  }

  @Test
  void aCpuThatIsGoneKeepsNoDeviceFromBeingRecovered() throws Exception {
    zublk.create("--size=16M", "--cpu-affinity=" + first + "," + last, "--on-crash=keep");
    Object pid = zublk.stat(0).get("pid");
    Zublk.die(pid);
    Process recovers = zublk.start(List.of("taskset", "-c", last), "recover", "0");
    assertThat(zublk.await(recovers).ok().err()).contains("goes on with cpu-affinity=" + last);
    assertAllAreOn(last);
  }

  @Test
  void threadsOfVhostUserMoveToo() throws Exception {
    zublk.run("create", "--size=16M", "--transport=vhost", "--threads=2").ok();
    zublk.run("set", "0", "cpu-affinity=" + last).ok();
    assertAllAreOn(last);
  }

  @Test
  void whatCannotBeHadIsRefusedAndAllStaysWhereItIs() throws Exception {
    zublk.create("--size=16M");
    zublk.run("set", "0", "cpu-affinity=" + first + ",8191").refused("there is no CPU 8191", all);
    assertThat(zublk.run("set", "0", "cpu-affinity=1-").refused("list of CPUs").status())
        .isEqualTo(2);
    zublk.run("set", "0", "mem-limit=4M", "cpu-affinity=8191").refused("8191");
    assertThat(zublk.stat(0)).containsEntry("mem_limit", 0);
    assertAllAreOn(all);
  }
}
