package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.uring.sys.DatagramSocket;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The units that are shipped, as far as they can be without a systemd that runs. */
class SystemdTest extends WithDevices {

  private static final Path UNITS = Zublk.DIST.resolve("systemd");

  private DatagramSocket manager;
  private String name;

  @BeforeEach
  void listen() throws IOException {
    name = "@zublk test of " + temp;
    manager = new DatagramSocket();
    manager.bind(name);
  }

  @AfterEach
  void listenNoMore() {
    manager.close();
  }

  private String heard() throws IOException {
    return new String(manager.receive(1000), StandardCharsets.UTF_8);
  }

  /** What a unit starts, for device 0. */
  private static String[] command(String unit, String options) throws IOException {
    String start =
        Files.readAllLines(UNITS.resolve(unit)).stream()
            .filter(line -> line.startsWith("ExecStart=/usr/bin/zublk "))
            .findFirst()
            .orElseThrow();
    return start
        .replaceFirst("^\\S+ ", "")
        .replace("%i", "0")
        .replace("$OPTIONS", options)
        .split(" ");
  }

  private Process start() throws IOException {
    String[] command = command("zublk@.service", "--size 1M --transport nbd");
    return zublk.start(List.of("env", "NOTIFY_SOCKET=" + name), command);
  }

  @Test
  void theManagerHearsOfTheStartAndOfTheEnd() throws Exception {
    Process service = start();
    String path = "nbd+unix:///?socket=" + zublk.runDir().resolve("0/nbd.sock");
    assertThat(heard()).isEqualTo("READY=1\nSTATUS=serving " + path);
    assertThat(zublk.stat(0))
        .containsEntry("pid", (int) service.pid()) // which systemd takes for the service
        .containsEntry("on_crash", "keep");
    zublk.run("remove", "0").ok();
    assertThat(heard()).isEqualTo("STOPPING=1\nSTATUS=stopping: removed");
    assertThat(service.waitFor()).isZero();
  }

  @Test
  void aRestartServesWhatTheDeadProcessHeld() throws Exception {
    Process first = start();
    String serving = heard();
    String path = serving.substring(serving.indexOf("nbd"));
    Zublk.tool("qemu-io", "-f", "raw", "-c", "write -P 7 0 1M", path);
    Zublk.kill(first.pid(), "KILL");
    assertThat(first.waitFor()).isNotZero(); // on-failure
    Process second = start();
    assertThat(heard()).isEqualTo(serving);
    assertThat(Zublk.tool("qemu-io", "-f", "raw", "-c", "read -P 7 0 1M", path))
        .doesNotContain("failed");
    Zublk.kill(second.pid(), "TERM");
    assertThat(heard()).startsWith("STOPPING=1\n");
    assertThat(second.waitFor()).isZero();
    zublk.assertNothingLeft();
  }

  @Test
  void theManagerHearsWhyItFailsAndWhoGivesUpSaysSo() throws Exception {
    Process first = start();
    assertThat(heard()).startsWith("READY=1\n");
    Files.delete(zublk.storeFile(0));
    Zublk.kill(first.pid(), "KILL");
    first.waitFor();
    Process second = start();
    assertThat(heard()).startsWith("STATUS=device 0 cannot be recovered: its store file");
    assertThat(second.waitFor()).isEqualTo(1); // on-failure, and not 2
    zublk.run(command("zublk-abandon@.service", "")).ok();
    zublk.run("stat", "0").refused("device 0 is dead", "its store file", "it was abandoned");
    zublk.create("--size=1M");
    zublk.run("abandon", "1").refused("device 1 needs no recovery");
  }

  @Test
  void aDeviceServesThoughItsManagerIsGone() throws Exception {
    manager.close();
    Process service = start();
    zublk.statWhenServed(0);
    assertThat(zublk.stderr(service)).contains("the service manager cannot be told");
    Zublk.kill(service.pid(), "TERM");
    assertThat(service.waitFor()).isZero();
    manager = new DatagramSocket(); // closed by listenNoMore
  }

  @Test
  void systemdFindsNothingWrongWithTheUnits() throws Exception {
    Path units = Files.createDirectory(temp.resolve("units"));
    try (Stream<Path> all = Files.list(UNITS)) {
      for (Path unit : all.toList()) {
        String text = Files.readString(unit);
        // It wants to see the program.
        String here = text.replace("/usr/bin/zublk", Zublk.DIST.resolve("bin/zublk").toString());
        Files.writeString(units.resolve(unit.getFileName().toString().replace("@", "@0")), here);
      }
    }
    for (String unit : List.of("zublk@0.service", "zublk-abandon@0.service")) {
      String file = units.resolve(unit).toString();
      assertThat(Zublk.tool("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", file))
          .doesNotContain("zublk");
    }
  }
}
