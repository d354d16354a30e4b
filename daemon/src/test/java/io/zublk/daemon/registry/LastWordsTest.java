package io.zublk.daemon.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.daemon.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LastWordsTest {

  private static final String NO_MEMORY =
      "Terminating due to java.lang.OutOfMemoryError: Java heap space\n";

  @TempDir Path temp;
  private DeviceDir dir;
  private DeviceRecord record;

  @BeforeEach
  void die() throws IOException {
    RunDir runDir = new RunDir(temp);
    dir = runDir.device(4);
    Files.createDirectory(dir.path());
    record = Samples.ofTheDead(Samples.starting(temp, 4).serving("uri"));
    dir.write(record);
  }

  private String why() {
    return dir.whyDead(record);
  }

  private void writeReport(String text) throws IOException {
    Files.writeString(dir.runDir().crashReport(Long.toString(record.pid())), text);
  }

  @Test
  void whatWasKilledHasNone() throws IOException {
    assertThat(why()).endsWith("ended without stopping it");
    Files.writeString(dir.output(), "OpenJDK 64-Bit Server VM warning: something\n");
    assertThat(why()).endsWith("ended without stopping it");
  }

  @Test
  void areThoseOfACrashReport() throws IOException {
    writeReport(
        """
        #
        # A fatal error has been detected by the Java Runtime Environment:
        #
        #  SIGSEGV (0xb) at pc=0x00007f, pid=1, tid=2
        #
        # Problematic frame:
        # C  [libc.so.6+0x14d1b]
        """);
    assertThat(why())
        .endsWith(
            "ended without stopping it: SIGSEGV (0xb) at pc=0x00007f, pid=1, tid=2; C  [libc.so.6+0x14d1b]");
    writeReport("#  " + "x".repeat(1000));
    assertThat(why()).hasSizeLessThan(300).endsWith("xx…");
  }

  @Test
  void areThatThereWasNoMemory() throws IOException {
    Files.writeString(dir.output(), "something\n" + NO_MEMORY);
    assertThat(why())
        .endsWith("ended without stopping it: java.lang.OutOfMemoryError: Java heap space");
  }

  @Test
  void areNotThoseOfAProcessBeforeIt() throws IOException {
    Files.writeString(dir.output(), NO_MEMORY);
    Files.setLastModifiedTime(dir.output(), FileTime.fromMillis(0));
    assertThat(why()).endsWith("ended without stopping it");
  }
}
