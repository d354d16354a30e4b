package io.zublk.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceTest {

  @TempDir private Path temp;

  /** A dead device, whose transport left something that is in use, or not. */
  private Device dead(int id, Optional<String> use) throws IOException {
    DeviceDir dir = new RunDir(temp).device(id);
    Files.createDirectories(temp.resolve(Integer.toString(id)));
    DeviceRecord record = Samples.ofTheDead(Samples.starting(temp, id).serving("/dev/ublkb" + id));
    dir.write(record);
    TransportFactory left =
        (TransportFactory)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {TransportFactory.class},
                (_, method, _) -> method.getName().equals("useAfter") ? use : null);
    Transports transports =
        new Transports() {
          @Override
          public TransportFactory of(TransportKind kind) {
            return left;
          }
        };
    return new Device(dir, record, transports);
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
}
