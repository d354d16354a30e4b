package io.zublk.uring.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MountsTest {

  @TempDir private Path directory;

  @Test
  void mountsAPrivateTmpfsThatNeverSwaps() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    Mounts.mountTmpfs(directory, "noswap,size=1m,mode=0700");
    try {
      Mounts.FileSystem mounted = Mounts.fileSystem(directory);
      assertThat(mounted.type()).isEqualTo(Mounts.TMPFS_MAGIC);
      assertThat(mounted.totalBytes()).isEqualTo(1 << 20);
      assertThat(mounted.availableBytes()).isEqualTo(1 << 20);
      // Others' mounts may have names in any encoding.
      assertThat(Files.readString(Path.of("/proc/self/mounts"), StandardCharsets.ISO_8859_1))
          .containsPattern(directory + " tmpfs rw,nosuid,nodev,noexec,[^\n]*noswap");
      try (LinuxFile file =
          LinuxFile.open(directory.resolve("f"), LinuxFile.O_RDWR | LinuxFile.O_CREAT, 0600)) {
        file.truncate(1 << 21);
        assertThat(file.allocate(0, 0, 1 << 21)).isEqualTo(-Errnos.ENOSPC);
      }
    } finally {
      Mounts.unmount(directory, false);
    }
    assertThat(Files.exists(directory.resolve("f"))).isFalse();
  }

  @Test
  void failuresNameTheDirectory() {
    Path missing = directory.resolve("missing");
    assertThatThrownBy(() -> Mounts.fileSystem(missing))
        .hasMessage("statfs of " + missing + ": No such file or directory (ENOENT)");
    assertThatThrownBy(() -> Mounts.unmount(directory, false)).hasMessageContaining("umount");
  }
}
