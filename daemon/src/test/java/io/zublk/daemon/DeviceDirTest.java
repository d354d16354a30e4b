package io.zublk.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceDirTest {

  @TempDir private Path temp;
  private DeviceDir dir;

  @BeforeEach
  void makeDirectory() {
    dir = new RunDir(temp).device(3);
  }

  @Test
  void keepsARecord() throws IOException {
    DeviceRecord record = Samples.starting(temp, 3).withCookie(Long.MAX_VALUE).serving("/dev/x");
    try (FileLocks.Held _ = dir.claim()) {
      dir.write(Samples.starting(temp, 3));
      dir.write(record);
      assertThat(dir.record()).contains(record);
      assertThat(dir.isAlive()).isTrue();
    }
    assertThat(dir.isAlive()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "{}",
        "null",
        "{\"pid\":5}",
        "{\"pid\":5,\"state\":\"SERVING\",\"config\":{\"sizeBytes\":-1}}"
      })
  void takesADamagedRecordForNone(String text) throws IOException {
    Files.createDirectory(dir.path());
    Files.writeString(dir.path().resolve("device.json"), text);
    assertThat(dir.record()).isEmpty();
  }

  @Test
  void deletesAllOfItself() throws IOException {
    try (FileLocks.Held _ = dir.claim()) {
      dir.write(Samples.starting(temp, 3));
      Files.writeString(dir.log(), "something");
      dir.delete();
    }
    assertThat(temp).isEmptyDirectory();
    dir.delete();
  }
}
