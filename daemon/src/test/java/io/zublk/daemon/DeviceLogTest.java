package io.zublk.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceLogTest {

  @TempDir private Path temp;

  @Test
  void staysWithinItsBoundAndKeepsTheNewest() throws IOException {
    DeviceLog log = new DeviceLog();
    log.attach(temp.resolve("log"));
    for (int i = 0; i < 3000; i++) {
      log.line("line " + i + " " + "x".repeat(50));
    }
    long size = 0;
    try (Stream<Path> files = Files.list(temp)) {
      for (Path file : files.toList()) {
        size += Files.size(file);
      }
    }
    assertThat(size).isLessThanOrEqualTo(DeviceLog.MAX_BYTES);
    assertThat(temp.resolve("log")).content().contains("line 2999 ");
  }

  @Test
  void makesNoFileOnceDetached() {
    DeviceLog log = new DeviceLog();
    log.line("before");
    log.attach(temp.resolve("log"));
    log.detach();
    log.failure("after", new IOException("no"));
    assertThat(temp).isEmptyDirectory();
  }
}
