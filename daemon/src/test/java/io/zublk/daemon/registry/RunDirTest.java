package io.zublk.daemon.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.zublk.daemon.Devices;
import io.zublk.daemon.UserException;
import io.zublk.daemon.machine.ProcFs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunDirTest {

  @TempDir private Path temp;

  @Test
  void isWhereTheEnvironmentSays() {
    assertThat(runDir(Map.of("ZUBLK_RUN_DIR", "/a/b", "XDG_RUNTIME_DIR", "/x"), 0))
        .isEqualTo(Path.of("/a/b"));
    assertThat(runDir(Map.of("XDG_RUNTIME_DIR", "/x"), 0)).isEqualTo(Path.of("/run/zublk"));
    assertThat(runDir(Map.of("XDG_RUNTIME_DIR", "/x"), 7)).isEqualTo(Path.of("/x/zublk"));
    assertThat(runDir(Map.of("ZUBLK_RUN_DIR", ""), 0)).isEqualTo(Path.of("/run/zublk"));
    assertThat(runDir(Map.of(), 7)).isEqualTo(Path.of("/tmp/zublk-7"));
  }

  @Test
  void trustsNoLinkAmongOtherPeoplesFiles() throws IOException {
    assertThat(RunDir.amongOthers(temp, 7).path()).isEqualTo(temp.resolve("zublk-7"));
    Files.createSymbolicLink(temp.resolve("zublk-7"), temp);
    assertThatThrownBy(() -> RunDir.amongOthers(temp, 7)).hasMessageContaining("is a link");
  }

  @Test
  void hasOneNameByWhateverLinkItIsReached() throws IOException {
    Files.createDirectories(temp.resolve("real/below"));
    Path link = Files.createSymbolicLink(temp.resolve("link"), temp.resolve("real/below"));
    assertThat(new RunDir(link.resolve("a/b")).path()).isEqualTo(temp.resolve("real/below/a/b"));
    // The kernel goes up from where the link leads to.
    assertThat(new RunDir(link.resolve("../x")).path()).isEqualTo(temp.resolve("real/x"));
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

  @ParameterizedTest
  @ValueSource(strings = {"rwxrwxrwx", "rwxrwx---", "rwx----w-"})
  void refusesOneThatOthersCanWrite(String permissions) throws IOException {
    Path path = Files.createDirectory(temp.resolve("run"));
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    assertUntrusted(new RunDir(path), "can be written by others");
  }

  @Test
  void refusesOneThatAnybodyCouldReplace() throws IOException {
    RunDir runDir = new RunDir(Files.createDirectory(temp.resolve("run"), RunDir.PRIVATE));
    Files.setAttribute(temp, "unix:mode", 0777);
    assertUntrusted(runDir, "can be replaced by anybody");
    Files.setAttribute(temp, "unix:mode", 01777);
    runDir.requireTrustworthy();
  }

  @Test
  void refusesOneOfAnotherUser() throws IOException {
    assumeTrue(ProcFs.effectiveUid() == 0, "only root can give a directory away");
    Files.setAttribute(temp, "unix:uid", 65534);
    assertUntrusted(new RunDir(temp), "belongs to user 65534");
  }

  /** Refuses to make, to look, to lock; and nothing in it is changed. */
  private static void assertUntrusted(RunDir runDir, String reason) throws IOException {
    Path inside = Files.createDirectory(runDir.path().resolve("0"));
    List<ThrowingCallable> uses =
        List.of(
            runDir::make,
            runDir::lock,
            runDir::devices,
            () -> new Devices(runDir.path()).all(),
            () -> new Devices(runDir.path()).clearUnfinished());
    for (ThrowingCallable use : uses) {
      assertThatThrownBy(use)
          .isInstanceOf(UserException.class)
          .hasMessageContainingAll(runDir.path().toString(), reason, "ZUBLK_RUN_DIR");
    }
    assertThat(runDir.path()).isDirectoryContaining(inside::equals);
    Files.delete(inside);
    assertThat(runDir.path()).isEmptyDirectory();
  }

  @Test
  void followsNoLinkToItsLock() throws IOException {
    Path elsewhere = temp.resolve("elsewhere");
    Path path = Files.createDirectory(temp.resolve("run"), RunDir.PRIVATE);
    Files.createSymbolicLink(path.resolve("lock"), elsewhere);
    assertThatThrownBy(() -> new RunDir(path).lock())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("is no file");
    assertThat(elsewhere).doesNotExist();
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

  /** To open one that is a FIFO would last until somebody writes to it. */
  @Test
  void isLookedAtBeforeItIsOpened() throws IOException {
    Path file = Files.createFile(temp.resolve("file"));
    assertThatThrownBy(() -> new RunDir(file).devices())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("is not a directory");
  }
}
