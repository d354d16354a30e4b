package io.zublk.cli;

import java.util.List;
import picocli.CommandLine.Option;

/** What the benchmarks put side by side. */
final class ContenderOptions {

  @Option(
      names = {"-a", "--algorithm"},
      split = ",(?![^(]*\\))",
      splitSynopsisLabel = ",",
      defaultValue = "lz4",
      paramLabel = "ALG",
      completionCandidates = Algorithms.class,
      converter = Algorithms.Converter.class,
      description = "Codecs, as for create; default: ${DEFAULT-VALUE}.")
  private List<String> algorithms;

  @Option(names = "--no-rivals", description = "Measures zublk alone.")
  private boolean noRivals;

  List<String> algorithms() {
    return algorithms;
  }

  boolean rivals() {
    return !noRivals;
  }
}
