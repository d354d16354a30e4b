package io.zublk.daemon.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.uring.sys.LinuxFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FirstRequestsTest {

  @TempDir Path directory;

  @Test
  void reachAPartOfTheDiskOnly() throws IOException {
    Path disk = disk(16 << 20);
    try (FirstRequests requests = new FirstRequests(disk, 16 << 20)) {
      requests.make();
    }
    byte[] after = Files.readAllBytes(disk);
    assertThat(after).hasSize(16 << 20);
    assertThat(isZero(after, 0, 4 << 20)).isFalse();
    assertThat(isZero(after, (4 << 20) + (128 << 10), after.length)).isTrue();
  }

  @Test
  void thereAreNoneToADiskThatIsTooSmall() throws IOException {
    Path disk = disk(64 << 10);
    try (FirstRequests requests = new FirstRequests(disk, 64 << 10)) {
      requests.make();
    }
    assertThat(isZero(Files.readAllBytes(disk), 0, 64 << 10)).isTrue();
  }

  private Path disk(long bytes) throws IOException {
    Path disk = directory.resolve("disk");
    try (LinuxFile file =
        LinuxFile.open(disk, LinuxFile.O_RDWR | LinuxFile.O_CREAT | LinuxFile.O_EXCL, 0600)) {
      file.truncate(bytes);
    }
    return disk;
  }

  private static boolean isZero(byte[] bytes, int from, int to) {
    for (int at = from; at < to; at++) {
      if (bytes[at] != 0) {
        return false;
      }
    }
    return true;
  }
}
