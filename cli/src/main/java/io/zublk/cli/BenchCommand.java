package io.zublk.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code zublk bench}. */
@Command(
    name = "bench",
    description = "Measures zublk beside its rivals on this machine.",
    synopsisSubcommandLabel = "engine|device",
    subcommands = {BenchEngineCommand.class, BenchDeviceCommand.class})
final class BenchCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "bench what: engine or device?");
  }
}
