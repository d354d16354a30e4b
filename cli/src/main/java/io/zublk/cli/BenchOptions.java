package io.zublk.cli;

import io.zublk.bench.Progress;
import io.zublk.bench.Report;
import io.zublk.bench.ReportFormat;
import io.zublk.daemon.UserException;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The options that {@code bench} and {@code tune} share. */
final class BenchOptions {

  private static final long MIB = 1 << 20;

  /** What fits a screen, a mail and a page; a wider terminal makes no better table. */
  private static final int PAGE_WIDTH = 100;

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
      paramLabel = "N",
      description = "Rounds in which the contenders take turns; default: 3, of tune 5.")
  private Integer rounds;

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

  int rounds(int otherwise) {
    require("--rounds", rounds == null ? otherwise : rounds, 1, 1000);
    return rounds == null ? otherwise : rounds;
  }

  boolean quiet() {
    return quiet;
  }

  Progress progress() {
    return quiet ? Progress.silent() : new Progress(what -> System.err.println("zublk: " + what));
  }

  /**
   * Makes sure that the report can be written where it shall be, before anybody has waited for it.
   *
   * @throws UserException if it cannot
   */
  void checkOutput() {
    if (output == null) {
      return;
    }
    Path file = output.toAbsolutePath();
    if (!Files.isDirectory(file.getParent())) {
      throw new UserException(
          "--output %s: there is no directory %s".formatted(output, file.getParent()));
    }
    if (Files.isDirectory(file)
        || !Files.isWritable(Files.exists(file) ? file : file.getParent())) {
      throw new UserException("--output %s: cannot be written".formatted(output));
    }
  }

  /** Writes the report to where it shall be, and says where that is. */
  void write(Report report, CommandSpec spec) {
    CommandLine root = spec.root().commandLine();
    List<String> command = new ArrayList<>(List.of("zublk"));
    command.addAll(root.getParseResult().originalArgs());
    report.madeBy(new Version().getVersion()[0], command);
    if (output == null) {
      PrintWriter out = spec.commandLine().getOut();
      out.print(format.render(report, terminalWidth(spec)));
      out.flush();
    } else {
      try {
        Files.writeString(output, format.render(report, PAGE_WIDTH));
      } catch (IOException e) {
        throw new UserException("--output %s: %s".formatted(output, UserException.lineFor(e)), e);
      }
      if (!quiet) {
        System.err.println("zublk: the report is in " + output.toAbsolutePath().normalize());
      }
    }
  }

  /** That of the terminal, if there is one. */
  @SuppressWarnings("SystemConsoleNull") // with the console of java.base, the default, it may be
  private static int terminalWidth(CommandSpec spec) {
    Console console = System.console();
    return console != null && console.isTerminal()
        ? Math.min(PAGE_WIDTH, spec.usageMessage().autoWidth(true).width())
        : PAGE_WIDTH;
  }

  /** The time of a row: in less than a hundredth of a second little happens. */
  static void requireTime(String option, double seconds) {
    if (!(seconds >= 0.01 && seconds <= 3600)) { // NaN neither
      throw new UserException("%s %s: must be 0.01 to 3600".formatted(option, seconds));
    }
  }

  static void require(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw new UserException("%s %d: must be %d to %d".formatted(option, value, least, most));
    }
  }
}
