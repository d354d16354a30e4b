package io.zublk.daemon.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ProcFsTest {

  /** It has its files, and their locks, as long as one of its threads lives. */
  @Test
  void aProcessRunsThatHasLostItsFirstThread() throws Exception {
    String program =
        "use threads; threads->create(sub { sleep 600 })->detach; $| = 1; print qq(begun\\n);"
            + " syscall($ARGV[0], 0)";
    String exit = System.getProperty("os.arch").equals("aarch64") ? "93" : "60"; // of one thread
    Process process = new ProcessBuilder("perl", "-e", program, exit).start();
    try {
      assertThat(process.inputReader().readLine()).isEqualTo("begun");
      long started = ProcFs.startTicks(process.pid()).orElseThrow();
      Path stat = Path.of("/proc/" + process.pid() + "/stat");
      while (!Files.readString(stat).contains(") Z ")) {
        Thread.sleep(5);
      }
      assertThat(ProcFs.isRunning(process.pid(), started)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    process.waitFor();
    assertThat(ProcFs.startTicks(process.pid())).isEmpty();
  }
}
