package io.zublk.uring.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProcessesTest {

  /** Run in a JVM of its own: becomes a shell that says who it is and in which session. */
  public static final class BecomeShell {
    private BecomeShell() {}

    public static void main(String[] arguments) throws LinuxException {
      Processes.leaveSession();
      String script = "echo $$ $(cut -d ' ' -f 6 /proc/$$/stat) \"$1\" $SETTING";
      Processes.replace(
          List.of("/bin/sh", "-c", script, "sh", "two words"), Map.of("SETTING", "set"));
    }
  }

  /** Run in a JVM of its own: ends without its shutdown hook. */
  public static final class End {
    private End() {}

    public static void main(String[] arguments) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
      Processes.exit(7);
    }
  }

  private static Process start(Class<?> program) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            program.getName())
        .redirectErrorStream(true)
        .start();
  }

  @Test
  void anExitIsAtOnceAndRunsNoHook() throws Exception {
    Process process = start(End.class);
    assertThat(process.inputReader().readLine()).isNull();
    assertThat(process.waitFor()).isEqualTo(7);
  }

  @Test
  void theTimeOfAThreadThatHasEndedCountsOn() throws Exception {
    long self = ProcessHandle.current().pid();
    AtomicLong ofThread = new AtomicLong();
    long before = Processes.cpuNanos(self);
    Thread busy =
        new Thread(() -> {
          ThreadMXBean threads = ManagementFactory.getThreadMXBean();
          while (ofThread.get() < 50_000_000) {
            ofThread.set(threads.getCurrentThreadCpuTime());
          }
        });
    busy.start();
    busy.join();
    assertThat(Processes.cpuNanos(self) - before).isGreaterThanOrEqualTo(ofThread.get());
  }

  @Test
  void aProcessThatIsNotThereHasNoTime() throws Exception {
    Process process = start(End.class);
    process.waitFor();
    assertThatThrownBy(() -> Processes.cpuNanos(process.pid()))
        .isInstanceOf(LinuxException.class)
        .hasMessageContaining("process " + process.pid());
  }

  @Test
  void aReplacedProgramKeepsItsProcessInASessionOfItsOwn() throws Exception {
    Process process = start(BecomeShell.class);
    long pid = process.pid();
    assertThat(process.inputReader().readLine()).isEqualTo(pid + " " + pid + " two words set");
    assertThat(process.waitFor()).isZero();
  }

  @Test
  void aMissingProgramLeavesTheProcessAsItIs() {
    assertThatThrownBy(() -> Processes.replace(List.of("/nonexistent"), Map.of()))
        .hasMessage("execve /nonexistent: No such file or directory (ENOENT)");
  }
}
