package io.zublk.daemon.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.daemon.Json;
import io.zublk.daemon.Samples;
import io.zublk.daemon.UserException;
import io.zublk.uring.sys.LinuxFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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

  /** Claims a device's id, as whoever makes one does. */
  static FileLocks.Held claim(DeviceDir dir) {
    try (RunDir.Lock _ = dir.runDir().lock()) {
      return dir.claim();
    }
  }

  @Test
  void keepsARecord() throws IOException {
    DeviceRecord record = Samples.starting(temp, 3).withIdentity(Long.MAX_VALUE).serving("/dev/x");
    try (FileLocks.Held _ = claim(dir)) {
      dir.write(Samples.starting(temp, 3));
      dir.write(record);
      assertThat(dir.record()).contains(record);
      assertThat(dir.isAlive()).isTrue();
      dir.write(Samples.ofTheDead(record));
    }
    assertThat(dir.isAlive()).isFalse();
  }

  @Test
  void keepsItsRecordFromOthersAndInUtf8() throws IOException {
    try (FileLocks.Held _ = claim(dir)) {
      DeviceRecord record = Samples.starting(temp, 3).serving("nbd+unix:///?socket=/tmp/\u00fc");
      dir.write(record);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.recordFile())))
          .isEqualTo("rw-------");
      assertThat(Files.readString(dir.recordFile(), StandardCharsets.UTF_8))
          .contains("/tmp/\u00fc");
      assertThat(dir.record()).contains(record);
    }
  }

  @Test
  void isLockedForThoseWhoTidyUpByAge() throws IOException {
    try (FileLocks.Held _ = claim(dir);
        LinuxFile tidier = LinuxFile.open(dir.path(), LinuxFile.O_RDONLY, 0)) {
      try (LinuxFile _ = dir.keepFromAging()) {
        assertThat(tidier.tryLock(true)).isFalse();
      }
      assertThat(tidier.tryLock(true)).isTrue();
    }
  }

  @Test
  void leavesNothingOfAClaimThatFails() throws IOException {
    Files.createFile(temp.resolve("3")); // and so there can be no directory
    assertThatThrownBy(() -> claim(dir))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(temp.toString());
    assertThat(temp.resolve("3")).isRegularFile();
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
        "{\"pid\":5,\"state\":\"RETIRED\"}",
        "{\"pid\":5,\"state\":\"SERVING\",\"config\":{\"sizeBytes\":-1}}",
        "{\"id\":3,\"pid\":5,\"state\":\"SERVING\",\"storeFile\":\"/s\",\"config\":"
            + "{\"sizeBytes\":4096,\"algorithm\":\"lz4\",\"transport\":\"AUTO\"}}"
      })
  void takesADamagedRecordForADeviceThatItCannotTellOf(String text) throws IOException {
    Files.createDirectory(dir.path());
    assertThat(dir.record()).isEmpty();
    Files.writeString(dir.recordFile(), text);
    assertThatThrownBy(() -> dir.record())
        .isInstanceOf(UnreadableRecordException.class)
        .satisfies(thrown ->
            assertThat(UserException.lineFor(thrown))
                .contains("device 3", dir.recordFile().toString())
                .doesNotContain("\n"));
    assertThat(dir.mayNeed(temp.resolve("store"))).isTrue();
  }

  @Test
  void believesNoRecordOfAnotherDeviceNorOneBehindALink() throws IOException {
    Files.createDirectory(dir.path());
    dir.write(Samples.starting(temp, 4));
    assertThatThrownBy(() -> dir.record()).hasMessageContaining("it is about device 4");
    Path elsewhere = temp.resolve("elsewhere");
    Files.move(dir.recordFile(), elsewhere);
    Files.writeString(elsewhere, Json.line(Samples.starting(temp, 3)));
    Files.createSymbolicLink(dir.recordFile(), elsewhere);
    assertThatThrownBy(() -> dir.record()).isInstanceOf(UnreadableRecordException.class);
  }

  @Test
  void deletesAllOfItself() throws IOException {
    try (FileLocks.Held _ = claim(dir)) {
      dir.write(Samples.starting(temp, 3));
      Files.writeString(dir.log(), "something");
      dir.delete();
    }
    assertThat(dir.path()).doesNotExist();
    dir.delete();
  }
}
