package io.zublk.cli;

import io.zublk.bench.Progress;
import io.zublk.bench.Report;
import io.zublk.bench.ReportFormat;
import io.zublk.daemon.UserException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The options that {@code bench} and {@code tune} share. */
final class BenchOptions {

  private static final long MIB = 1 << 20;

  @Option(
      names = "--data",
      defaultValue = "mixed",
      paramLabel = "SET",
      description =
          "mixed or w1 to w4: the specification's sets; memory: pages of live processes; or a"
              + " file; default: ${DEFAULT-VALUE}.")
  private String data;

  @Option(
      names = {"-s", "--size"},
      defaultValue = "256M",
      paramLabel = "SIZE",
      converter = Usage.Size.class,
      description = "Size of every contender; default: ${DEFAULT-VALUE}.")
  private long size;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      paramLabel = "N",
      description = "Rounds in which the contenders take turns; default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--format",
      defaultValue = "text",
      paramLabel = "F",
      description = "text, json or html; default: ${DEFAULT-VALUE}.")
  private ReportFormat format;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Where the report goes; default: standard output.")
  private Path output;

  @Option(
      names = {"-q", "--quiet"},
      description = "No progress on standard error.")
  private boolean quiet;

  String data() {
    return data;
  }

  long sizeBytes() {
    if (size == 0 || size % MIB != 0) {
      throw new UserException("--size %d: must be a multiple of 1M".formatted(size));
    }
    return size;
  }

  int rounds() {
    require("--rounds", rounds, 1, 1000);
    return rounds;
  }

  boolean quiet() {
    return quiet;
  }

  Progress progress() {
    return quiet ? _ -> {} : what -> System.err.println("zublk: " + what);
  }

  void write(Report report, PrintWriter out) throws IOException {
    String text = format.render(report);
    if (output == null) {
      out.print(text);
      out.flush();
    } else {
      Files.writeString(output, text);
    }
  }

  /** The time of a row: in less than a hundredth of a second little happens. */
  static void requireTime(String option, double seconds) {
    if (seconds < 0.01 || seconds > 3600) {
      throw new UserException("%s %s: must be 0.01 to 3600".formatted(option, seconds));
    }
  }

  static void require(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw new UserException("%s %d: must be %d to %d".formatted(option, value, least, most));
    }
  }
}
