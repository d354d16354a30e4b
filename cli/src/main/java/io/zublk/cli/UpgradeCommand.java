package io.zublk.cli;

import io.zublk.daemon.Device;
import io.zublk.daemon.Devices;
import io.zublk.daemon.Json;
import io.zublk.daemon.ReadyDevice;
import io.zublk.daemon.UserException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code zublk upgrade}. */
@Command(
    name = "upgrade",
    description = {
      "Has a process of the zublk that is installed now go on with a device, and prints its path or"
          + " URI. Its users notice a pause and no error: those of a ublk device, and clients that"
          + " are connected over NBD.",
      "Id, path, settings and contents stay; statistics begin anew. If the new process is not ready,"
          + " cannot take over, or is older, the old one serves on, and one line says why."
    })
final class UpgradeCommand implements Callable<Integer> {

  @ParentCommand private Main main;

  @Spec private CommandSpec spec;

  @ArgGroup(multiplicity = "1")
  private Which which;

  private static final class Which {
    @Parameters(arity = "1..*", paramLabel = "DEV", description = "Ids, paths, URIs or addresses.")
    private List<String> names;

    @Option(
        names = "--all",
        description = "All devices of the run directory that serve, one after the other.")
    private boolean all;
  }

  @Option(names = "--json", description = "Prints what is served, a JSON object a line.")
  private boolean json;

  @Override
  public Integer call() {
    Devices devices = Devices.ofEnvironment();
    boolean upgraded = true;
    if (which.all) {
      for (Device device : devices.all()) {
        upgraded &= !device.isServing() || upgrade(() -> device);
      }
    } else {
      for (String name : which.names) {
        upgraded &= upgrade(() -> devices.find(name));
      }
    }
    int status = upgraded ? 0 : 1;
    main.endBesideChild(status);
    return status;
  }

  /** One device's failure is no reason to leave the others. */
  private boolean upgrade(Supplier<Device> device) {
    try {
      device.get().upgrade(main.debug(), this::notice, this::announce);
      return true;
    } catch (UserException e) {
      notice(UserException.lineFor(e));
      if (main.debug()) {
        e.printStackTrace(spec.commandLine().getErr());
      }
      return false;
    }
  }

  private void notice(String line) {
    spec.commandLine().getErr().println("zublk: " + line);
    spec.commandLine().getErr().flush();
  }

  private void announce(ReadyDevice device) {
    spec.commandLine().getOut().println(json ? Json.line(device.members()) : device.path());
    spec.commandLine().getOut().flush();
  }
}
