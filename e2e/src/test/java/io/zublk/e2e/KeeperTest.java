package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What has a device recovered when its process dies, and what it is itself exposed to. */
@Timeout(300)
class KeeperTest extends WithDevices {

  private static void qemuIo(Object uri, String command) throws Exception {
    assertThat(Zublk.tool("qemu-io", "-f", "raw", "-c", command, uri.toString()))
        .doesNotContain("failed");
  }

  /** Waits until the device's log tells of so many processes that served it. */
  private void awaitServed(long times) throws Exception {
    while (served() < times) {
      Thread.sleep(10);
    }
  }

  private long served() throws IOException {
    return log().lines().filter(line -> line.contains(" serving ")).count();
  }

  private String log() throws IOException {
    return Files.readString(zublk.runDir().resolve("0/log"));
  }

  private long keeper() {
    assertThat(zublk.keepers()).hasSize(1);
    return zublk.keepers().getFirst();
  }

  @ParameterizedTest
  @ValueSource(strings = {"KILL", "SEGV", "ABRT"})
  void recoversADeviceWhoseProcessIsKilledOrAborts(String signal) throws Exception {
    Map<String, Object> made = zublk.create("--size=8M");
    Object path = made.get("path");
    qemuIo(path, "write -P 7 0 8M");
    Zublk.kill(made.get("pid"), signal);
    awaitServed(2);
    qemuIo(path, "read -P 7 0 8M");
    assertThat(zublk.stat(0))
        .containsEntry("recoveries", 1)
        .containsEntry("on_crash", "recover")
        .containsEntry("keeper", (int) keeper());
    assertThat(Files.exists(zublk.runDir().resolve("0/crash.log")))
        .isEqualTo("SEGV".equals(signal));
    assertThat(log().contains("ended without stopping it: SIGSEGV (0xb)"))
        .isEqualTo("SEGV".equals(signal));
    zublk.run("remove", "0").ok();
    zublk.assertNothingLeft();
  }

  @Test
  void recoversADeviceWhoseProcessHasNoHeapLeft() throws Exception {
    Map<String, Object> made = zublk.create("--size=8M");
    qemuIo(made.get("path"), "write -P 7 0 8M");
    VirtualMachine process = VirtualMachine.attach(made.get("pid").toString());
    Path agent = OutOfMemoryAgent.jar(temp);
    try {
      process.loadAgent(agent.toString());
    } catch (IOException e) {
      // The process has ended over it.
    }
    awaitServed(2);
    qemuIo(made.get("path"), "read -P 7 0 8M");
    assertThat(zublk.runDir().resolve("0/output"))
        .content()
        .contains("Terminating due to java.lang.OutOfMemoryError");
    assertThat(log()).contains("ended without stopping it: java.lang.OutOfMemoryError");
  }

  @Test
  void givesUpAfterFiveDeathsInAMinuteAndSaysSo() throws Exception {
    zublk.create("--size=1M");
    for (int deaths = 1; deaths <= 6; deaths++) {
      awaitServed(deaths);
      Zublk.kill(zublk.processes().getFirst(), "KILL");
    }
    zublk.awaitNoKeeper();
    assertGivenUp("while it recovered it", "without stopping it");
    zublk.run("recover", "0").ok();
    assertThat(zublk.stat(0)).containsEntry("keeper", (int) keeper());
  }

  /** Its process ended; how, is one of these. */
  private void assertGivenUp(String... deaths) throws Exception {
    String reason = "its keeper gave up after 5 restarts in a minute";
    assertThat(log()).contains("abandoned: " + reason);
    String list = zublk.run("list").ok().err();
    assertThat(list).contains("device 0", "is dead", reason).containsAnyOf(deaths);
    zublk.run("stat", "0").refused("device 0 is dead", reason, "zublk recover 0");
    assertThat(zublk.run("list", "-n", "-o", "ID,STATE").ok().line()).matches(" *0 +dead *");
  }

  @Test
  void givesUpADeviceThatNoProcessCanServe() throws Exception {
    Object pid = zublk.create("--size=1M").get("pid");
    Path store = zublk.storeFile(0);
    Path aside = store.resolveSibling("aside");
    Files.move(store, aside);
    Zublk.kill(pid, "KILL");
    zublk.awaitNoKeeper();
    assertGivenUp("cannot be recovered: its store file");
    assertThat(log().lines().filter(line -> line.contains("recovering it"))).hasSize(5);
    Files.move(aside, store);
    zublk.run("recover", "0").ok();
  }

  @Test
  void isMissedByNobodyWhenItIsKilled() throws Exception {
    Map<String, Object> made = zublk.create("--size=1M");
    long keeper = keeper();
    for (String signal : List.of("INT", "HUP")) {
      Zublk.kill(keeper, signal);
      assertThat(zublk.stat(0)).containsEntry("keeper", (int) keeper);
    }
    Zublk.die(keeper);
    assertThat(zublk.stat(0)).containsEntry("pid", made.get("pid")).containsEntry("keeper", "lost");
    assertThat(zublk.run("list").ok().err())
        .hasLineCount(1)
        .contains("device 0 has lost its keeper", "zublk recover 0");
    qemuIo(made.get("path"), "write -P 7 0 1M");
  }

  @Test
  void aDeviceThatDiesWithItsKeeperStaysDeadAndCanBeRecovered() throws Exception {
    Map<String, Object> made = zublk.create("--size=1M");
    qemuIo(made.get("path"), "write -P 7 0 1M");
    Zublk.tool("kill", "-KILL", Long.toString(keeper()), made.get("pid").toString());
    Zublk.awaitEnd(made.get("pid"));
    zublk.run("stat", "0").refused("device 0 is dead", "zublk recover 0");
    zublk.run("recover", "0").ok();
    qemuIo(made.get("path"), "read -P 7 0 1M");
    assertThat(zublk.stat(0)).containsEntry("keeper", (int) keeper());
  }

  @Test
  void leavesADeviceAloneThatOnlyStandsStill() throws Exception {
    Map<String, Object> made = zublk.create("--size=1M");
    Zublk.suspend(made.get("pid"));
    Zublk.kill(made.get("pid"), "CONT");
    assertThat(zublk.stat(0))
        .containsEntry("pid", made.get("pid"))
        .containsEntry("recoveries", 0)
        .containsEntry("keeper", (int) keeper());
    assertThat(served()).isEqualTo(1);
  }

  @Test
  void endsWithADeviceThatEndsInOrder() throws Exception {
    Object pid = zublk.create("--size=1M").get("pid");
    Zublk.kill(pid, "TERM");
    zublk.awaitNoKeeper();
    zublk.assertNothingLeft();
    Object hung = zublk.create("--size=1M").get("pid");
    Zublk.suspend(hung);
    zublk.run("remove", "0", "--force").ok();
    zublk.assertNothingLeft();
  }

  /** Whatever the keeper is at: it has not noticed, starts a process, or that has the device. */
  @Test
  void aDeviceIsRemovedWhileItIsRecovered() throws Exception {
    for (int delay = 0; delay <= 300; delay += 60) {
      Object pid = zublk.create("--size=1M").get("pid");
      Zublk.kill(pid, "KILL");
      Thread.sleep(delay);
      zublk.run("remove", "0").ok();
      zublk.assertNothingLeft();
    }
  }

  @Test
  void aDeviceThatWasGivenUpIsRemoved() throws Exception {
    Object pid = zublk.create("--size=1M").get("pid");
    Files.delete(zublk.storeFile(0));
    Zublk.kill(pid, "KILL");
    zublk.awaitNoKeeper();
    zublk.run("remove", "0").ok();
    zublk.assertNothingLeft();
  }

  @Test
  void isNotThereForADeviceThatIsToStayDead() throws Exception {
    zublk.create("--size=1M", "--on-crash=keep");
    assertThat(zublk.keepers()).isEmpty();
    assertThat(zublk.stat(0)).containsEntry("on_crash", "keep").containsEntry("keeper", "none");
    zublk
        .run("create", "-f", "--size=1M", "--on-crash=recover")
        .refused("--on-crash", "foreground");
  }
}
