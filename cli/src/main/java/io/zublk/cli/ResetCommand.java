package io.zublk.cli;

import io.zublk.daemon.Devices;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code zublk reset}. */
@Command(
    name = "reset",
    description = {
      "Drops what a device holds, which is zeros then, and begins its statistics anew.",
      "Requests that come meanwhile wait. Size, algorithm and limit stay."
    })
final class ResetCommand implements Callable<Integer> {

  @Parameters(paramLabel = "DEV", description = "Its id, path, URI or address.")
  private String device;

  @Option(names = "--force", description = "Also if it is in use.")
  private boolean force;

  @Override
  public Integer call() {
    Devices.ofEnvironment().find(device).reset(force);
    return 0;
  }
}
