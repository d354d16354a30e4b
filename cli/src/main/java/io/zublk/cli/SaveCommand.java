package io.zublk.cli;

import io.zublk.daemon.Devices;
import io.zublk.daemon.SaveFile;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code zublk save}. */
@Command(
    name = "save",
    description =
        "Writes what a device holds at one moment into a file, while it serves on, for 'create"
            + " --restore'. What was acknowledged before is in it.")
final class SaveCommand implements Callable<Integer> {

  /** A terminal on standard error, as the kernel names it. */
  private static final Path STDERR = Path.of("/proc/self/fd/2");

  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "DEV", description = "Its id, path, URI or address.")
  private String name;

  @Parameters(
      index = "1",
      paramLabel = "FILE",
      description = "The file to make; it is called FILE.part until it is complete.")
  private String file;

  @Option(names = "--force", description = "Replaces FILE if it is there.")
  private boolean force;

  private long shown = -1;

  @Override
  public Integer call() {
    SaveFile target = new SaveFile(file);
    boolean isTerminal = isTerminal();
    long lost =
        Devices.ofEnvironment()
            .find(name)
            .save(target, force, isTerminal ? this::show : (_, _) -> {});
    PrintWriter err = spec.commandLine().getErr();
    if (isTerminal && shown >= 0) {
      err.println();
    }
    if (lost > 0) {
      err.println(
          "zublk: %d pages are damaged, and will be in what is restored from %s"
              .formatted(lost, target.path()));
    }
    err.flush();
    return 0;
  }

  private static boolean isTerminal() {
    try {
      String target = Files.readSymbolicLink(STDERR).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (java.io.IOException e) {
      return false;
    }
  }

  private void show(long bytes, long expected) {
    long percent = Math.min(100 * bytes / Math.max(expected, 1), 100);
    if (percent != shown) {
      shown = percent;
      PrintWriter err = spec.commandLine().getErr();
      err.print("\rzublk: %d MiB of about %d saved".formatted(bytes >> 20, expected >> 20));
      err.flush();
    }
  }
}
