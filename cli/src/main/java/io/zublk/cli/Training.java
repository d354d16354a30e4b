package io.zublk.cli;

import io.zublk.codec.LineVectors;
import io.zublk.daemon.Device;
import io.zublk.daemon.Devices;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The commands whose classes go into the AOT caches, run in one process: a cache is made from one
 * recording. Run by the build only, with a run directory of its own.
 */
final class Training {

  /** What the compiler has learnt of the coder of lines goes into the cache as well. */
  private static final String AWAIT_VECTORS = "await the vectors of 1";

  private static final List<String> COMMANDS =
      List.of(
          "--help",
          "create --help",
          "create --size 16M --id 0 --transport nbd --algorithm lz4",
          "list",
          "list --json",
          "stat 0",
          "stat 0 --json",
          "remove 0",
          "list");

  /** Of a device with a JVM, and so a cache, of its own; where there are no vectors it has not. */
  private static final List<String> COMMANDS_FOR_VECTORS =
      List.of(
          "create --size 16M --id 1 --transport nbd --algorithm line+lz4",
          AWAIT_VECTORS,
          "remove 1");

  /** How long the compiler may take for the coder of lines, in a build on a busy machine. */
  private static final Duration VECTORS_LIMIT = Duration.ofSeconds(60);

  private Training() {}

  private static int execute(String command) throws InterruptedException {
    if (!command.equals(AWAIT_VECTORS)) {
      return Main.commandLine().execute(command.split(" ", -1));
    }
    Device device = Devices.ofEnvironment().find("1");
    long end = System.nanoTime() + VECTORS_LIMIT.toNanos();
    while ("training".equals(device.stat().get("line_coder"))) {
      if (System.nanoTime() - end > 0) {
        return 1;
      }
      Thread.sleep(50);
    }
    return 0;
  }

  /** Fails if a command does: half of a recording is none. */
  public static void main(String[] arguments) throws InterruptedException {
    List<String> commands = new ArrayList<>(COMMANDS);
    if (!LineVectors.jvmOptions().isEmpty()) {
      commands.addAll(COMMANDS_FOR_VECTORS);
    }
    for (String command : commands) {
      int status = execute(command);
      if (status != 0) {
        System.exit(status);
      }
    }
  }
}
