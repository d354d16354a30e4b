package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Several processes that die at once, and one that only looks dead. */
class DeathsTest extends WithDevices {

  private static void qemuIo(Object uri, String command) throws Exception {
    assertThat(Zublk.tool("qemu-io", "-f", "raw", "-c", command, uri.toString()))
        .doesNotContain("failed");
  }

  @Test
  void allProcessesAtOnce() throws Exception {
    List<Object> uris = new ArrayList<>();
    for (int id = 0; id < 3; id++) {
      uris.add(zublk.create("--size=1M", "--on-crash=keep").get("path"));
      qemuIo(uris.get(id), "write -P %d 0 1M".formatted(id + 1));
    }
    List<Long> processes = List.copyOf(zublk.processes());
    List<String> kill = new ArrayList<>(List.of("kill", "-KILL"));
    processes.forEach(pid -> kill.add(pid.toString()));
    Zublk.tool(kill.toArray(String[]::new));
    for (long pid : processes) {
      Zublk.awaitEnd(pid);
    }
    for (int id = 0; id < 3; id++) {
      zublk.run("recover", Integer.toString(id)).ok();
      qemuIo(uris.get(id), "read -P %d 0 1M".formatted(id + 1));
    }
  }

  /** It holds what it has, and is no dead one that somebody else may serve. */
  @Test
  void oneThatIsStoppedIsNotDead() throws Exception {
    Object uri = zublk.create("--size=1M").get("path");
    qemuIo(uri, "write -P 7 0 1M");
    Object pid = zublk.stat(0).get("pid");
    Zublk.suspend(pid);
    try {
      zublk.run("recover", "0").refused("device 0 needs no recovery: process " + pid);
    } finally {
      Zublk.kill(pid, "CONT");
    }
    qemuIo(uri, "read -P 7 0 1M");
    assertThat(zublk.stat(0)).containsEntry("pid", pid);
  }
}
