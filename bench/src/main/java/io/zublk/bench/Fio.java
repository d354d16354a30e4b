package io.zublk.bench;

import io.zublk.daemon.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs fio, the benchmark that everybody has. */
final class Fio {

  /** What a run may take beyond its run time: start, layout, ending of many jobs. */
  private static final int SLACK_SECONDS = 120;

  /** What a run takes beyond that in practice, for the guess how long all takes. */
  static final double START_SECONDS = 0.5;

  /** In a second our servers' code is compiled. */
  private static final double MOST_RAMP_SECONDS = 1;

  private final WritePatterns patterns;
  private final double seconds;

  Fio(WritePatterns patterns, double seconds) {
    this.patterns = patterns;
    this.seconds = seconds;
  }

  /** What a run of so many seconds does before they count. */
  static double rampSeconds(double seconds) {
    return Math.min(MOST_RAMP_SECONDS, seconds);
  }

  /** A time as fio takes it: a fraction of a second needs a smaller unit. */
  private static String time(double seconds) {
    return Math.round(seconds * 1e3) + "ms";
  }

  /**
   * Makes sure that there is a fio with the engines that are needed.
   *
   * @throws UserException with the command that gets it
   */
  static void check() {
    String engines;
    try {
      engines = output(List.of("fio", "--enghelp"), SLACK_SECONDS);
    } catch (IOException e) {
      throw new UserException("fio is missing: apt-get install fio", e);
    }
    for (String engine : List.of("io_uring", "nbd")) {
      if (!engines.lines().map(String::strip).toList().contains(engine)) {
        throw new UserException("this fio has no engine " + engine + ": apt-get install fio");
      }
    }
  }

  /**
   * Does one row on one device.
   *
   * @throws UserException if that fails: which row, and why
   */
  FioResult run(FioRow row, Address address, long sizeBytes) throws IOException {
    try {
      String text = output(command(row, address, sizeBytes), (int) seconds + SLACK_SECONDS);
      return FioResult.parse(text, row.isWrite());
    } catch (UserException e) {
      throw new UserException(row.label() + ": " + e.getMessage(), e);
    }
  }

  private List<String> command(FioRow row, Address address, long sizeBytes) throws IOException {
    List<String> command = new ArrayList<>(List.of("fio", "--output-format=json"));
    command.addAll(address.fioOptions());
    command.addAll(
        List.of(
            "--rw=" + row.rw(),
            "--bs=" + row.blockBytes(),
            "--iodepth=" + row.depth(),
            "--thread=1",
            "--time_based",
            "--ramp_time=" + time(rampSeconds(seconds)),
            "--runtime=" + time(seconds),
            "--group_reporting=1",
            "--norandommap",
            "--lat_percentiles=1",
            "--clat_percentiles=0",
            "--percentile_list=50:99:99.9",
            // By default fio alters the data of each write, which spoils its ratio.
            "--scramble_buffers=0"));
    // Sequential jobs have a part of the device each; if all began at 0 they would meet.
    long share =
        row.isRandom() ? sizeBytes : sizeBytes / row.jobs() / row.blockBytes() * row.blockBytes();
    for (int job = 0; job < row.jobs(); job++) {
      command.add("--name=job" + job);
      command.add("--offset=" + (row.isRandom() ? 0 : job * share));
      command.add("--size=" + share);
      if (row.isWrite()) {
        command.add("--buffer_pattern='" + patterns.file(row, job) + "'");
      }
    }
    return command;
  }

  private static String output(List<String> command, int limitSeconds) throws IOException {
    Path out = Files.createTempFile("zublk-fio", ".out");
    Path err = Files.createTempFile("zublk-fio", ".err");
    try {
      int status = execute(command, out, err, limitSeconds);
      String text = Files.readString(out);
      if (status != 0) {
        throw new UserException("fio failed: " + reason(text, Files.readString(err)));
      }
      return text;
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  private static int execute(List<String> command, Path out, Path err, int limitSeconds)
      throws IOException {
    Process process =
        new ProcessBuilder(command)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    try {
      if (!process.waitFor(limitSeconds, TimeUnit.SECONDS)) {
        throw new UserException("fio did not end in time");
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted", e);
    } finally {
      end(process);
    }
  }

  /** Returns when it no longer uses the device. */
  private static void end(Process process) {
    boolean interrupted = Thread.interrupted();
    process.destroyForcibly(); // its jobs are threads: they go with it
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static String reason(String out, String err) {
    return Stream.concat(err.lines(), out.lines())
        .filter(line -> !line.isBlank())
        .findFirst()
        .orElse("no reason given");
  }
}
