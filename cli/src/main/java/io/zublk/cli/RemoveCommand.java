package io.zublk.cli;

import io.zublk.daemon.Device;
import io.zublk.daemon.Devices;
import io.zublk.daemon.UserException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code zublk remove}. */
@Command(name = "remove", description = "Stops devices and deletes what they hold.")
final class RemoveCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @ArgGroup(multiplicity = "1")
  private Which which;

  private static final class Which {
    @Parameters(arity = "1..*", paramLabel = "DEV", description = "Ids, paths, URIs or addresses.")
    private List<String> names;

    @Option(names = "--all", description = "All devices of the run directory, dead ones too.")
    private boolean all;
  }

  @Option(
      names = "--force",
      description = "Also those in use. What is on them is lost, and their users get I/O errors.")
  private boolean force;

  @Option(
      names = "--wait",
      paramLabel = "TIME",
      converter = Usage.Time.class,
      description =
          "Waits so long, such as 10s, for those who use it: udev looks at a disk whenever somebody"
              + " has written to it.")
  private Duration wait = Duration.ZERO;

  @Override
  public Integer call() {
    Devices devices = Devices.ofEnvironment();
    boolean removed = true;
    if (which.all) {
      removed = removeAll(devices);
    } else {
      for (String name : which.names) {
        removed &= remove(devices, name);
      }
    }
    return removed ? 0 : 1;
  }

  private boolean removeAll(Devices devices) {
    boolean removed = true;
    for (Device device : devices.all()) {
      removed &= remove(device);
    }
    devices.clearUnfinished();
    List<String> left = devices.obscure();
    left.forEach(line -> explain(line));
    return removed && left.isEmpty();
  }

  private boolean remove(Devices devices, String name) {
    try {
      return remove(devices.find(name));
    } catch (UserException e) {
      return explain(e);
    }
  }

  private boolean remove(Device device) {
    try {
      if (force) {
        device.remove(true);
      } else {
        device.removeWhenFree(wait, this::explain);
      }
      return true;
    } catch (UserException e) {
      return explain(e);
    }
  }

  /** One device's failure is no reason to leave the others. */
  private boolean explain(UserException e) {
    explain(UserException.lineFor(e));
    return false;
  }

  private void explain(String line) {
    spec.commandLine().getErr().println("zublk: " + line);
    spec.commandLine().getErr().flush();
  }
}
