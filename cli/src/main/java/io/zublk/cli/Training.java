package io.zublk.cli;

import java.util.List;

/**
 * The commands whose classes go into the AOT caches, run in one process: a cache is made from one
 * recording. Run by the build only, with a run directory of its own.
 */
final class Training {

  private static final List<String> COMMANDS =
      List.of(
          "--help",
          "create --help",
          "create --size 16M --id 0 --transport nbd",
          "list",
          "list --json",
          "stat 0",
          "stat 0 --json",
          "remove 0",
          "list");

  private Training() {}

  /** Fails if a command does: half of a recording is none. */
  public static void main(String[] arguments) {
    for (String command : COMMANDS) {
      int status = Main.commandLine().execute(command.split(" ", -1));
      if (status != 0) {
        System.exit(status);
      }
    }
  }
}
