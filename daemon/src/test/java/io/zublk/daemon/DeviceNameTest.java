package io.zublk.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceNameTest {

  @ParameterizedTest
  @CsvSource({
    "/dev/ublkb0, /dev/ublkb0",
    "nbd://127.0.0.1:10809/, tcp:127.0.0.1:10809",
    "nbd://127.0.0.1:10809, tcp:127.0.0.1:10809",
    "nbd://127.0.0.1, tcp:127.0.0.1:10809",
    "nbd://127.0.0.1:7/disk, tcp:127.0.0.1:7/disk",
    "nbd://[::1]:7/, tcp:[::1]:7",
    "tcp:127.0.0.1:7, tcp:127.0.0.1:7",
    "nbd+unix:///?socket=/run/zublk/0/nbd.sock, unix:/run/zublk/0/nbd.sock",
    "nbd+unix:///disk?socket=/run/a, unix:/run/a/disk",
    "nbd+unix:///?socket=/tmp/%C3%BC%20b, unix:/tmp/ü b",
    "unix:/run//zublk/x/../0, unix:/run/zublk/0",
    "nbd://[, nbd://["
  })
  void haveOneForm(String typed, String form) {
    assertThat(DeviceName.of(typed)).isEqualTo(form);
  }

  @Test
  void relativePathsAreOfTheWorkingDirectory() {
    assertThat(DeviceName.of("unix:a")).isEqualTo("unix:" + Path.of("a").toAbsolutePath());
    assertThat(DeviceName.of("./a")).isEqualTo(Path.of("a").toAbsolutePath().toString());
  }

  @Test
  void linksAreFollowed(@TempDir Path temp) throws IOException {
    Path real = Files.createFile(temp.toRealPath().resolve("real"));
    Path link = Files.createSymbolicLink(temp.resolve("link"), real);
    assertThat(DeviceName.of("unix:" + link)).isEqualTo("unix:" + real);
  }

  @Test
  void theSocketAloneMeansTheDeviceToo() {
    assertThat(DeviceName.means("/run/a", "unix:/run/a")).isTrue();
    assertThat(DeviceName.means("/run/a", "unix:/run/a/disk")).isFalse();
    assertThat(DeviceName.means("run", "unix:/run")).isFalse();
    assertThat(DeviceName.means("unix:/run/a", "/run/a")).isTrue();
    assertThat(DeviceName.means("/dev/ublkb0", "/dev/ublkb0")).isTrue();
  }
}
