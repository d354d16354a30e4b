package io.zublk.cli;

import io.zublk.codec.CodecSpec;
import java.util.List;
import picocli.CommandLine.Option;

/** What the benchmarks put side by side. */
final class ContenderOptions {

  @Option(
      names = {"-a", "--algorithm"},
      split = ",(?![^(]*\\))",
      defaultValue = "lz4",
      paramLabel = "ALG,ALG…",
      description = "Codecs, as for create; default: ${DEFAULT-VALUE}.")
  private List<String> algorithms;

  @Option(names = "--no-rivals", description = "Measures zublk alone.")
  private boolean noRivals;

  List<String> algorithms() {
    algorithms.forEach(CodecSpec::parse);
    return algorithms;
  }

  boolean rivals() {
    return !noRivals;
  }
}
