package io.zublk.cli;

import io.zublk.bench.EngineBench;
import io.zublk.codec.LineVectors;
import io.zublk.codec.PackingSpec;
import io.zublk.store.StoreTuning;
import java.io.IOException;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code zublk bench engine}. */
@Command(
    name = "engine",
    description = {
      "Measures the page store in this process, without a transport, beside kernel zram.",
      "Data is written first and verified at the end. Needs no root; zram does.",
      "By default it takes a minute on two CPUs; it says so when it begins."
    })
final class BenchEngineCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private BenchOptions common;

  @Mixin private ContenderOptions contenders;

  @Option(
      names = "--zram",
      split = ",",
      splitSynopsisLabel = ",",
      paramLabel = "ALG",
      description = "Of kernel zram, such as lz4,lzo-rle; default: that of each codec.")
  private List<String> zramAlgorithms = List.of();

  @Option(
      names = "--threads",
      split = ",",
      splitSynopsisLabel = ",",
      paramLabel = "N",
      description = "Numbers of threads to try; default: 1, 2, 4… up to the CPUs.")
  private List<Integer> threads = List.of();

  @Option(
      names = "--seconds",
      defaultValue = "0.5",
      paramLabel = "S",
      description = "For each row, contender and round; default: ${DEFAULT-VALUE}.")
  private double seconds;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "Workers of the staged store, 0 for none; default: one a CPU.")
  private int workers = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--batch-pages",
      defaultValue = "64",
      paramLabel = "N",
      description = "Staged pages that a worker takes at a time; default: ${DEFAULT-VALUE}.")
  private int batchPages;

  @Option(
      names = "--batch-timeout-us",
      defaultValue = "100",
      paramLabel = "N",
      description = "How long an incomplete batch waits; default: ${DEFAULT-VALUE}.")
  private int batchTimeoutMicros;

  @Option(
      names = "--staging-pages",
      defaultValue = "" + StoreTuning.MAX_STAGING_PAGES,
      paramLabel = "N",
      description = "The most pages that wait for workers; default: ${DEFAULT-VALUE}.")
  private int stagingPages;

  @Override
  public Integer call() throws IOException {
    EngineBench bench = Usage.checked(spec, () -> new EngineBench(options(), common.progress()));
    common.checkOutput();
    MeasuringJvm.ensure(spec.commandLine(), vectorOptions());
    common.write(bench.run(), spec);
    return 0;
  }

  /** Only where lines are coded: this JVM says on stderr that it has a module of incubators. */
  private List<String> vectorOptions() {
    boolean lines =
        contenders.algorithms().stream().map(PackingSpec::parse).anyMatch(PackingSpec::lineFirst);
    return lines ? LineVectors.jvmOptions() : List.of();
  }

  private EngineBench.Options options() {
    BenchOptions.requireTime("--seconds", seconds);
    threads.forEach(n -> BenchOptions.require("--threads", n, 1, 1024));
    StoreTuning staging =
        new StoreTuning(
            workers,
            batchPages,
            batchTimeoutMicros,
            workers == 0 ? 0 : stagingPages,
            new BitSet(),
            StoreTuning.ANY_NODE);
    return new EngineBench.Options(
        common.data(),
        common.sizeBytes(),
        threads.isEmpty() ? powersOfTwo(Runtime.getRuntime().availableProcessors()) : threads,
        contenders.algorithms(),
        staging,
        seconds,
        common.rounds(3),
        contenders.rivals(),
        zramAlgorithms);
  }

  private static List<Integer> powersOfTwo(int most) {
    return IntStream.iterate(1, n -> n <= most, n -> 2 * n).boxed().toList();
  }
}
