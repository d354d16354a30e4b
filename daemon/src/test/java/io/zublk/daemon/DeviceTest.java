package io.zublk.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.daemon.control.ControlServer;
import io.zublk.daemon.machine.ProcFs;
import io.zublk.daemon.registry.DeviceDir;
import io.zublk.daemon.registry.DeviceRecord;
import io.zublk.daemon.registry.RunDir;
import io.zublk.daemon.transport.TransportFactory;
import io.zublk.daemon.transport.Transports;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceTest {

  @TempDir private Path temp;

  /** A dead device, whose transport left something that is in use, or not. */
  private Device dead(int id, Optional<String> use) throws IOException {
    DeviceDir dir = makeDir(id);
    DeviceRecord record = Samples.ofTheDead(Samples.starting(temp, id).serving("/dev/ublkb" + id));
    dir.write(record);
    return new Device(dir, record, transports(use));
  }

  private DeviceDir makeDir(int id) throws IOException {
    Files.createDirectories(temp.resolve(Integer.toString(id)));
    return new RunDir(temp).device(id);
  }

  /** What is left of a device of theirs is in use, or not. */
  private Transports transports(Optional<String> use) {
    TransportFactory left =
        (TransportFactory)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {TransportFactory.class},
                (_, method, _) -> method.getName().equals("useAfter") ? use : null);
    return new Transports() {
      @Override
      public TransportFactory of(TransportKind kind) {
        return left;
      }
    };
  }

  @Test
  void aDeadOneThatIsInUseIsRemovedByForceOnly() throws IOException {
    Device device = dead(3, Optional.of("/dev/ublkb3 is mounted on /mnt"));
    assertThatThrownBy(() -> device.removeWhenFree(Duration.ZERO, _ -> {}))
        .isInstanceOf(DeviceBusyException.class)
        .hasMessage(
            "/dev/ublkb3 is mounted on /mnt, and its users wait: 'zublk recover 3' serves it again;"
                + " --force drops what is on it, and they get errors");
    assertThat(temp.resolve("3")).exists();
    device.remove(true);
    assertThat(temp.resolve("3")).doesNotExist();
  }

  @Test
  void aDeadOneThatNobodyUsesIsRemoved() throws IOException {
    dead(3, Optional.empty()).remove(false);
    assertThat(temp.resolve("3")).doesNotExist();
  }

  @Test
  void oneThatSaysThatItEndsAndDoesNotIsEndedByForceOnly() throws IOException {
    Process process = new ProcessBuilder("sleep", "1000").start();
    DeviceDir dir = makeDir(3);
    DeviceRecord record =
        Samples.starting(temp, 3)
            .serving("/dev/ublkb3")
            .withPid(process.pid())
            .withStartTicks(ProcFs.startTicks(process.pid()).orElseThrow());
    dir.write(record);
    Transports transports = transports(Optional.empty());
    try (ControlServer _ =
        new ControlServer(
            dir.controlSocket(), (_, _) -> new ControlServer.Reply(Map.of(), () -> {}))) {
      Removal removal =
          new Removal(new Device(dir, record, transports), dir, transports, Duration.ofMillis(50));
      assertThatThrownBy(() -> removal.run(false))
          .isInstanceOf(UserException.class)
          .hasMessageContainingAll(
              "has not stopped", "process is " + process.pid(), "--force ends its process");
      assertThat(process.isAlive()).isTrue();
      removal.run(true);
      // By the kernel's word: Process hears of an end from a thread of the JDK's, in its own time.
      assertThat(ProcFs.isRunning(record.pid(), record.startTicks())).isFalse();
      assertThat(temp.resolve("3")).doesNotExist();
    } finally {
      process.destroyForcibly();
    }
  }
}
