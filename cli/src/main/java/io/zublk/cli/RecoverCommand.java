package io.zublk.cli;

import io.zublk.daemon.Device;
import io.zublk.daemon.DeviceLauncher;
import io.zublk.daemon.Devices;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code zublk recover}. */
@Command(
    name = "recover",
    description = {
      "Takes a device whose process died into service again, in the background, and prints its path"
          + " or URI.",
      "It has its id, path, size, settings and contents: every write that was acknowledged."
    })
final class RecoverCommand implements Callable<Integer> {

  @ParentCommand private Main main;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DEV", description = "Its id, path, URI or address.")
  private String device;

  @Option(names = "--json", description = "Prints what is served as a JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    Device dead = Devices.ofEnvironment().findToRecover(device);
    StartedDevice started = new StartedDevice(main, spec.commandLine(), json);
    DeviceLauncher launcher = DeviceLauncher.toRecover(dead, main.debug(), started::notice);
    launcher.start(DeviceLauncher.START_LIMIT, started::announce);
    return 0;
  }
}
