package io.zublk.nbd;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Runs programs that tests need. One that is missing is a failure of the test, never a skip. */
public final class Tool {

  private static final long TIMEOUT_SECONDS = 300;

  private Tool() {}

  /** Runs a program to its successful end; returns what it printed. */
  public static String run(String... command) throws IOException, InterruptedException {
    Path output = Files.createTempFile("tool", ".log");
    try {
      Process process = start(output, command);
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(String.join(" ", command) + " does not end");
      }
      String printed = Files.readString(output, StandardCharsets.UTF_8);
      if (process.exitValue() != 0) {
        throw new AssertionError(
            String.join(" ", command) + " failed (" + process.exitValue() + "): " + printed);
      }
      return printed;
    } finally {
      Files.delete(output);
    }
  }

  private static Process start(Path output, String... command) {
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(output.toFile())
          .start();
    } catch (IOException e) {
      throw new AssertionError(
          command[0]
              + " is missing; install libnbd-bin, qemu-utils, fio and e2fsprogs (./check does)",
          e);
    }
  }
}
