package io.zublk.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunDirTest {

  @TempDir private Path temp;

  @Test
  void isWhereTheEnvironmentSays() {
    assertThat(runDir(Map.of("ZUBLK_RUN_DIR", "/a/b", "XDG_RUNTIME_DIR", "/x"), 0))
        .isEqualTo(Path.of("/a/b"));
    assertThat(runDir(Map.of("XDG_RUNTIME_DIR", "/x"), 0)).isEqualTo(Path.of("/run/zublk"));
    assertThat(runDir(Map.of("XDG_RUNTIME_DIR", "/x"), 7)).isEqualTo(Path.of("/x/zublk"));
    assertThat(runDir(Map.of("ZUBLK_RUN_DIR", ""), 0)).isEqualTo(Path.of("/run/zublk"));
    assertThatThrownBy(() -> runDir(Map.of(), 7)).hasMessageContaining("XDG_RUNTIME_DIR");
  }

  private static Path runDir(Map<String, String> environment, int uid) {
    return RunDir.ofEnvironment(environment, uid).path();
  }

  @Test
  void isMadeForItsOwnerOnly() throws IOException {
    RunDir runDir = new RunDir(temp.resolve("a/b"));
    assertThat(runDir.make()).isTrue();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(runDir.path())))
        .isEqualTo("rwx------");
    assertThat(runDir.make()).isFalse();
  }

  @Test
  void refusesOneThatEverybodyCanWrite() throws IOException {
    Files.setPosixFilePermissions(temp, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThatThrownBy(() -> new RunDir(temp).make())
        .isInstanceOf(UserException.class)
        .hasMessageContaining(temp.toString());
  }

  @Test
  void refusesWhatCannotBeADirectory() throws IOException {
    Path file = Files.createFile(temp.resolve("file"));
    assertThatThrownBy(() -> new RunDir(file).make())
        .isInstanceOf(UserException.class)
        .hasMessageContaining(file.toString());
    assertThatThrownBy(() -> new RunDir(file.resolve("below")).make())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("ZUBLK_RUN_DIR");
    assertThatThrownBy(() -> new RunDir(Path.of("/proc/zublk")).make())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("/proc/zublk");
  }

  @Test
  void leavesNoLockFileInAnEmptyDirectory() {
    RunDir runDir = new RunDir(temp);
    try (RunDir.Lock _ = runDir.lock()) {
      assertThat(temp.resolve("lock")).exists();
    }
    assertThat(temp).isEmptyDirectory();
  }

  @Test
  void keepsTheLockFileBesideADevice() throws IOException {
    Files.createDirectory(temp.resolve("0"));
    try (RunDir.Lock _ = new RunDir(temp).lock()) {
      assertThat(temp.resolve("lock")).exists();
    }
    assertThat(temp.resolve("lock")).exists();
  }

  @Test
  void findsDevicesInTheOrderOfTheirIds() throws IOException {
    for (String name : new String[] {"10", "9", "store", "07", "lock", "0"}) {
      Files.createDirectory(temp.resolve(name));
    }
    assertThat(new RunDir(temp).devices()).extracting(DeviceDir::id).containsExactly(0, 9, 10);
    assertThat(new RunDir(temp.resolve("nowhere")).devices()).isEmpty();
  }
}
