package io.zublk.cli;

import io.zublk.codec.LineVectors;
import io.zublk.daemon.Devices;
import io.zublk.uring.sys.Processes;
import java.time.Duration;
import java.util.List;

/**
 * The commands whose classes go into the AOT caches, run in one process: a cache is made from one
 * recording. Run by the build only, with a run directory of its own.
 */
final class Training {

  private static final List<String> BEFORE_THE_DEATH =
      List.of(
          "--help",
          "create --help",
          "create --size 16M --id 0 --on-crash keep --transport nbd --algorithm lz4");

  /**
   * The recording is that of the process which recovers the device: its users wait for more that is
   * not in the cache than those of a new one, which takes hardly a class that it does not.
   */
  private static final List<String> AFTER_IT =
      List.of("recover 0", "list", "list --json", "stat 0", "stat 0 --json", "remove 0", "list");

  /** How long the compiler may take for the coder of lines, in a build on a busy machine. */
  private static final Duration VECTORS_LIMIT = Duration.ofSeconds(60);

  private Training() {}

  /** Fails if a command does: half of a recording is none. */
  public static void main(String[] arguments) throws InterruptedException {
    BEFORE_THE_DEATH.forEach(Training::execute);
    kill("0");
    AFTER_IT.forEach(Training::execute);
    Processes.prepareExit(); // as a command does that leaves a child behind
    if (!LineVectors.jvmOptions().isEmpty()) {
      recordVectors();
    }
  }

  /**
   * A device with a JVM, and so a cache, of its own. What the compiler has learnt of the coder of
   * lines goes into it as well.
   */
  private static void recordVectors() throws InterruptedException {
    execute("create --size 16M --id 1 --on-crash keep --transport nbd --algorithm line+lz4");
    kill("1");
    execute("recover 1");
    if (!Devices.ofEnvironment().find("1").awaitCoder(VECTORS_LIMIT)) {
      System.exit(1);
    }
    execute("remove 1");
  }

  private static void kill(String device) throws InterruptedException {
    ProcessHandle.of(Devices.ofEnvironment().find(device).pid())
        .ifPresent(ProcessHandle::destroyForcibly);
    while (Devices.ofEnvironment().find(device).isAlive()) {
      Thread.sleep(10);
    }
  }

  private static void execute(String command) {
    int status = Main.commandLine().execute(command.split(" ", -1));
    if (status != 0) {
      System.exit(status);
    }
  }
}
