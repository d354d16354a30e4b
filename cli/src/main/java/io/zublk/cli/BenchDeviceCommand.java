package io.zublk.cli;

import io.zublk.bench.DeviceBench;
import io.zublk.bench.DeviceMaker;
import io.zublk.daemon.UserException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code zublk bench device}. */
@Command(
    name = "device",
    description = {
      "Measures devices with fio beside kernel zram and nbdkit, as far as this machine has them.",
      "Each round fills every contender with the data, reads it back, and runs the rows in turn:"
          + " 1M sequential and 4K random at high depth, 4K random at depth 1 and 4.",
      "Without DEV it makes its own devices and removes them.",
      "By default it takes 3 minutes alone and 10 with all rivals; it says so when it begins."
    })
final class BenchDeviceCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private BenchOptions common;

  @Mixin private ContenderOptions contenders;

  @Parameters(
      arity = "0..1",
      paramLabel = "DEV",
      description = "An existing device: its id, path or URI. What is on it gets lost.")
  private String device = "";

  @Option(names = "--overwrite", description = "Also if DEV is not empty.")
  private boolean overwrite;

  @Option(
      names = "--create",
      paramLabel = "OPTIONS",
      defaultValue = "",
      description = "Options of create for the devices it makes, such as '--transport nbd'.")
  private String create;

  @Option(
      names = "--runtime",
      defaultValue = "5",
      paramLabel = "S",
      description =
          "Seconds for each row, contender and round; default: ${DEFAULT-VALUE}, in the"
              + " specification 30.")
  private double runtime;

  @Option(
      names = "--iodepth",
      defaultValue = "128",
      paramLabel = "N",
      description = "Requests in flight of each job; default: ${DEFAULT-VALUE}.")
  private int depth;

  @Option(
      names = "--sequential-jobs",
      defaultValue = "8",
      paramLabel = "N",
      description = "Jobs of the 1M rows; default: ${DEFAULT-VALUE}.")
  private int sequentialJobs;

  @Option(
      names = "--random-jobs",
      defaultValue = "4",
      paramLabel = "N",
      description = "Jobs of the 4K rows; default: ${DEFAULT-VALUE}.")
  private int randomJobs;

  @Override
  public Integer call() throws IOException {
    DeviceMaker maker = CreatedDevices.maker(common.quiet());
    DeviceBench bench =
        Usage.checked(spec, () -> new DeviceBench(options(), maker, common.progress()));
    common.checkOutput();
    MeasuringJvm.ensure(spec.commandLine(), List.of());
    common.write(bench.run(), spec);
    return 0;
  }

  private DeviceBench.Options options() {
    BenchOptions.requireTime("--runtime", runtime);
    BenchOptions.require("--iodepth", depth, 1, 4096);
    BenchOptions.require("--sequential-jobs", sequentialJobs, 1, 256);
    BenchOptions.require("--random-jobs", randomJobs, 1, 256);
    if (!device.isEmpty() && !create.isEmpty()) {
      throw new UserException("--create is for devices that the benchmark makes, not for DEV");
    }
    List<String> forCreate =
        create.isBlank() ? List.of() : List.of(create.strip().split("\\s+", -1));
    CreatedDevices.check(forCreate);
    return new DeviceBench.Options(
        device,
        overwrite,
        forCreate,
        common.data(),
        common.sizeBytes(),
        contenders.algorithms(),
        runtime,
        common.rounds(3),
        depth,
        sequentialJobs,
        randomJobs,
        contenders.rivals());
  }
}
