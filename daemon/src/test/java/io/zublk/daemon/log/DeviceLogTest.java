package io.zublk.daemon.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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
  void aFailureComesWithItsTrace() {
    DeviceLog log = new DeviceLog();
    log.attach(temp.resolve("log"));
    log.failure("control", new IOException("Too many open files"));
    assertThat(temp.resolve("log"))
        .content()
        .contains("control: Too many open files", "\tat io.zublk.daemon.log.DeviceLogTest");
  }

  @Test
  void keepsItsFileOpenForTheTimeWhenNoneCanBeOpened() throws IOException {
    DeviceLog log = new DeviceLog();
    Path file = temp.resolve("log");
    log.attach(file);
    log.line("first");
    Files.move(file, temp.resolve("moved"));
    log.line("second");
    assertThat(temp.resolve("moved")).content().contains("first", "second");
    assertThat(file).doesNotExist();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(temp.resolve("moved"))))
        .isEqualTo("rw-------");
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
