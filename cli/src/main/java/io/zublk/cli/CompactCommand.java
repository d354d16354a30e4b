package io.zublk.cli;

import io.zublk.daemon.Devices;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code zublk compact}. */
@Command(
    name = "compact",
    description = {
      "Moves what a device holds together, so that memory comes back, and prints how much did.",
      "Devices do so by themselves when a twelfth of their memory or more is unused."
    })
final class CompactCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DEV", description = "Its id, path, URI or address.")
  private String device;

  @Override
  public Integer call() {
    long freed = Devices.ofEnvironment().find(device).compact();
    spec.commandLine().getOut().println(Bytes.human(freed));
    return 0;
  }
}
