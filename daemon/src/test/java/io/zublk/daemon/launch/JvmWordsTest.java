package io.zublk.daemon.launch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class JvmWordsTest {

  private static String problem(String output) {
    JvmWords words = new JvmWords();
    output.lines().forEach(words::add);
    return words.problem() + words.report().map(report -> " " + report).orElse("");
  }

  @Test
  void ofACrashTheSignalAndTheReport() {
    assertThat(
            problem(
                """
                #
                # A fatal error has been detected by the Java Runtime Environment:
                #
                #  SIGSEGV (0xb) at pc=0x00007fdd0a5c4d1b, pid=4711, tid=4712
                #
                # JRE version: OpenJDK Runtime Environment (25.0.3+9) (build 25.0.3+9-LTS)
                # Java VM: OpenJDK 64-Bit Server VM (25.0.3+9-LTS, mixed mode, linux-amd64)
                # Problematic frame:
                # C  [libc.so.6+0x14d1b]
                #
                # An error report file with more information is saved as:
                # /run/zublk/crash-4711.log
                #
                """))
        .isEqualTo(
            "SIGSEGV (0xb) at pc=0x00007fdd0a5c4d1b, pid=4711, tid=4712; C  [libc.so.6+0x14d1b]"
                + " /run/zublk/crash-4711.log");
  }

  @Test
  void ofTooLittleMemoryThatAndNotTheHeader() {
    assertThat(
            problem(
                """
                OpenJDK 64-Bit Server VM warning: INFO: os::commit_memory(0x0, 1, 0) failed
                #
                # There is insufficient memory for the Java Runtime Environment to continue.
                # Native memory allocation (mmap) failed to map 8388608 bytes. Error detail: x
                # An error report file with more information is saved as:
                # /run/zublk/crash-1.log
                """))
        .isEqualTo(
            "There is insufficient memory for the Java Runtime Environment to continue."
                + " /run/zublk/crash-1.log");
  }

  @Test
  void ofAnOptionThatIsNoneTheOption() {
    assertThat(
            problem(
                """
                Picked up JAVA_TOOL_OPTIONS: -XX:+Wrong
                Unrecognized VM option 'Wrong'
                Error: Could not create the Java Virtual Machine.
                Error: A fatal exception has occurred. Program will exit.
                """))
        .isEqualTo("Unrecognized VM option 'Wrong'");
  }

  @Test
  void ofAnInitialisationThatFailedTheReason() {
    assertThat(
            problem(
                """
                Error occurred during initialization of VM
                Could not reserve enough space for 8388608KB object heap
                """))
        .isEqualTo("Could not reserve enough space for 8388608KB object heap");
  }

  @Test
  void ofSilenceThatItWasSilent() {
    assertThat(problem("")).isEqualTo("it said nothing");
  }

  @Test
  void endlessWordsAreBounded() {
    assertThat(problem("\n".repeat(100_000) + "late")).isEqualTo("it said nothing");
  }
}
