package io.zublk.cli;

import io.zublk.bench.Goal;
import io.zublk.bench.Tuner;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code zublk tune}. */
@Command(
    name = "tune",
    description = {
      "Tries codecs, workers and batches, on ublk also queues and polling, on this machine with"
          + " your data, and recommends a create line.",
      "It makes its own devices, over the transport that create would choose, and removes them."
    })
final class TuneCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private BenchOptions common;

  @Option(
      names = "--goal",
      defaultValue = "throughput",
      paramLabel = "GOAL",
      description = "throughput, latency or memory; default: ${DEFAULT-VALUE}.")
  private Goal goal;

  @Option(
      names = "--seconds",
      defaultValue = "1",
      paramLabel = "N",
      description = "For each row, device and round; default: ${DEFAULT-VALUE}.")
  private int seconds;

  @Override
  public Integer call() throws IOException {
    MeasuringJvm.ensure(spec.commandLine());
    BenchOptions.require("--seconds", seconds, 1, 3600);
    Tuner.Options options =
        new Tuner.Options(common.data(), common.sizeBytes(), goal, seconds, common.rounds());
    Tuner tuner = new Tuner(options, CreatedDevices.maker(common.quiet()), common.progress());
    common.write(tuner.run(), spec.commandLine().getOut());
    return 0;
  }
}
