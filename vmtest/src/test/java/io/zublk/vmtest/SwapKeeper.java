package io.zublk.vmtest;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Kills the server of a device that its machine swaps to, and runs a command that recovers it. All
 * of it is locked: from the kill on, what was swapped out cannot be had. Runs in a guest.
 */
final class SwapKeeper {

  private static final int MCL_CURRENT = 1;

  private SwapKeeper() {}

  /**
   * Ends with the command's status.
   *
   * @param arguments the process to kill, the command's words
   */
  public static void main(String[] arguments) throws Throwable {
    long server = Long.parseLong(arguments[0]);
    // Once before, so that all classes are there.
    boolean _ = isRunning(ProcessHandle.current().pid());
    run("/bin/true");
    lockAll();
    ProcessHandle.of(server).orElseThrow().destroyForcibly();
    while (isRunning(server)) {
      Thread.sleep(5);
    }
    System.exit(run(Arrays.copyOfRange(arguments, 1, arguments.length)));
  }

  private static int run(String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }

  /** One that is dead and waits for its parent to see it does not run. */
  private static boolean isRunning(long process) throws IOException {
    Path stat = Path.of("/proc", Long.toString(process), "stat");
    if (!Files.exists(stat)) {
      return false;
    }
    String text = new String(Files.readAllBytes(stat), StandardCharsets.ISO_8859_1);
    char state = text.charAt(text.lastIndexOf(')') + 2);
    return state != 'Z' && state != 'X';
  }

  private static void lockAll() throws Throwable {
    Linker linker = Linker.nativeLinker();
    MethodHandle mlockall =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("mlockall"),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    if ((int) mlockall.invokeExact(MCL_CURRENT) != 0) {
      throw new IOException("mlockall failed");
    }
  }
}
