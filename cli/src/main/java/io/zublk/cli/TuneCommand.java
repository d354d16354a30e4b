package io.zublk.cli;

import io.zublk.bench.DeviceMaker;
import io.zublk.bench.Goal;
import io.zublk.bench.Tuner;
import java.io.IOException;
import java.util.List;
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
      "Tries codecs, workers, batches and CPUs, on ublk also queues, their threads and depth,"
          + " BATCH_IO and polling, on this machine with your data, and recommends a create line.",
      "It makes its own devices, over the transport that create would choose, and removes them.",
      "An option is recommended if it is better beyond doubt: in each round all devices are made anew.",
      "By default it takes 22 minutes over NBD on two CPUs and 40 over ublk; it says 40 until it"
          + " knows that it is NBD."
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
      paramLabel = "S",
      description = "For each row, device and round; default: ${DEFAULT-VALUE}.")
  private double seconds;

  @Option(
      names = "--only",
      split = ",",
      splitSynopsisLabel = ",",
      paramLabel = "OPTION",
      description = "Only these options of create, such as queues,polling; default: all.")
  private List<String> only = List.of();

  @Override
  public Integer call() throws IOException {
    DeviceMaker maker = CreatedDevices.maker(common.quiet());
    Tuner tuner = Usage.checked(spec, () -> new Tuner(options(), maker, common.progress()));
    common.checkOutput();
    MeasuringJvm.ensure(spec.commandLine(), List.of());
    common.write(tuner.run(), spec);
    return 0;
  }

  private Tuner.Options options() {
    BenchOptions.requireTime("--seconds", seconds);
    return new Tuner.Options(
        common.data(), common.sizeBytes(), goal, seconds, common.rounds(5), only);
  }
}
