package io.zublk.bench;

import io.zublk.bench.Report.Pair;
import io.zublk.daemon.UserException;
import io.zublk.uring.sys.Tasks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Finds the options of {@code create} that suit this machine and data, one {@link TuneStep} after
 * the other: devices that differ only in it exist side by side, are filled, verified, and measured
 * in turns. What beats the default by more than noise, and in every round, is kept for the steps
 * that follow.
 */
public final class Tuner {

  /**
   * What to tune for.
   *
   * @param data a data set's name or a file, as {@link BenchData} knows them
   * @param sizeBytes of each device that is tried, a multiple of 1 MiB
   * @param seconds for each row of each device in each round
   * @param only the options to try; all if empty
   */
  public record Options(
      String data, long sizeBytes, Goal goal, double seconds, int rounds, List<String> only) {}

  /** Medians of short runs differ by this much when nothing else does. */
  private static final double NOISE = 1.05;

  /** The contender that has only the options that earlier steps chose. */
  private static final String DEFAULT = "default";

  private static final int CPUS = Runtime.getRuntime().availableProcessors();

  /** Enough for every queue of the default device to have requests. */
  private static final int JOBS = Math.min(4, CPUS);

  private final Options options;
  private final DeviceMaker maker;
  private final Progress progress;
  private final Report report = new Report("zublk tune");
  private final DeviceFigures figures = new DeviceFigures(report);

  /** What has been decided so far, by option, each as it is typed. */
  private final Map<String, String> chosen = new LinkedHashMap<>();

  /**
   * Prepares to try devices that {@code maker} makes.
   *
   * @throws UserException if there is no such data, or no such option to tune
   */
  public Tuner(Options options, DeviceMaker maker, Progress progress) {
    BenchData.check(options.data());
    TuneStep.check(options.only());
    this.options = options;
    this.maker = maker;
    this.progress = progress;
  }

  /** Measures and recommends. Everything made is removed, also on failure. */
  public Report run() throws IOException {
    List<TuneStep> steps = TuneStep.only(options.only(), CPUS, Tasks.affinity());
    Fio.check();
    Machine.describe(report);
    chosen.put("--algorithm", "--algorithm lz4");
    try (Cleanup cleanup = new Cleanup();
        BenchData data = BenchData.load(options.data(), options.sizeBytes());
        WritePatterns patterns = new WritePatterns(data.bytes())) {
      data.describe(report);
      Fio fio = new Fio(patterns, options.seconds());
      for (TuneStep step : steps) {
        take(step, data, fio, cleanup);
        cleanup.closeAll();
      }
    }
    recommend();
    return report;
  }

  private void take(TuneStep step, BenchData data, Fio fio, Cleanup cleanup) throws IOException {
    if (!step.goals().contains(options.goal())) {
      return;
    }
    if (step.alternatives().isEmpty()) {
      report.note(step.option() + " is not tried: with one CPU there is only the default");
      return;
    }
    progress.step("trying " + step.option());
    Map<String, ZublkDevice> devices = new LinkedHashMap<>();
    ZublkDevice byDefault = cleanup.add(make(step, DEFAULT));
    report.fact("transport", byDefault.address().isNbd() ? "nbd" : "ublk");
    if (!step.need().isMet(byDefault.stat())) {
      report.note("%s is not tried: %s".formatted(step.option(), step.need().otherwise()));
      return;
    }
    devices.put(DEFAULT, byDefault);
    for (String alternative : step.alternatives()) {
      try {
        devices.put(alternative, cleanup.add(make(step, alternative)));
      } catch (UserException e) { // such as an old kernel that has not got it
        Cleanup.throwIfInterrupted();
        report.note("%s is not tried: %s".formatted(alternative, e.getMessage()));
      }
    }
    if (devices.size() > 1) {
      measure(step, devices, data, fio);
      decide(step, devices.keySet().stream().skip(1).toList());
    }
  }

  private ZublkDevice make(TuneStep step, String alternative) {
    Map<String, String> settings = new LinkedHashMap<>(chosen);
    if (!alternative.equals(DEFAULT)) {
      settings.put(step.option(), alternative);
    }
    List<String> create = new ArrayList<>(List.of("--size", Long.toString(options.sizeBytes())));
    settings.values().forEach(typed -> create.addAll(List.of(typed.split(" ", 2))));
    return ZublkDevice.made(alternative, maker.create(create));
  }

  private void measure(TuneStep step, Map<String, ZublkDevice> devices, BenchData data, Fio fio)
      throws IOException {
    for (ZublkDevice device : devices.values()) {
      Contents.fill(device, data.bytes());
      Contents.verify(device, data.bytes());
      if (step.goals().contains(Goal.MEMORY)) {
        figures.addMemory(device, device.name());
      }
    }
    for (int round = 1; round <= options.rounds(); round++) {
      for (FioRow row : rows()) {
        progress.step(
            "%s, round %d of %d: %s"
                .formatted(step.option(), round, options.rounds(), row.label()));
        for (ZublkDevice device : inTurn(devices, round)) {
          Cleanup.throwIfInterrupted();
          FioResult result = fio.run(row, device.address(), device.sizeBytes());
          figures.add(row.named(step.option() + ": " + row.label()), device.name(), result);
        }
      }
    }
  }

  /** Whoever is first may be at an advantage: so it is another one every second round. */
  private static List<ZublkDevice> inTurn(Map<String, ZublkDevice> devices, int round) {
    List<ZublkDevice> inOrder = List.copyOf(devices.values());
    return round % 2 == 1 ? inOrder : inOrder.reversed();
  }

  /** What tells something about the goal; of memory, filling tells all. */
  private List<FioRow> rows() {
    return switch (options.goal()) {
      case THROUGHPUT ->
          List.of(
              FioRow.sequential("read", 8, JOBS),
              FioRow.sequential("write", 8, JOBS),
              FioRow.random("read", 32, JOBS),
              FioRow.random("write", 32, JOBS));
      case LATENCY -> List.of(FioRow.random("read", 1, 1), FioRow.random("write", 1, 1));
      case MEMORY -> List.of();
    };
  }

  private void decide(TuneStep step, List<String> alternatives) {
    String best = DEFAULT;
    double most = NOISE;
    List<String> gains = new ArrayList<>();
    for (String alternative : alternatives) {
      Pair pair = new Pair(alternative, DEFAULT);
      report.compare(alternative, DEFAULT);
      double gain = options.goal().gain(report, pair);
      boolean always = isAlwaysBetter(pair);
      gains.add(
          String.format(Locale.ROOT, "%s %.2f", alternative, gain)
              + (gain > NOISE && !always ? " (not in every round)" : ""));
      if (gain > most && always) {
        best = alternative;
        most = gain;
      }
    }
    if (!best.equals(DEFAULT)) {
      chosen.put(step.option(), best);
    }
    report.note(
        "%s: the default as 1.00, %s; %s"
            .formatted(
                step.option(),
                String.join(", ", gains),
                best.equals(DEFAULT) ? "the default stays" : "so " + best));
  }

  private boolean isAlwaysBetter(Pair pair) {
    return IntStream.range(0, options.rounds())
        .allMatch(round -> options.goal().gain(report, pair, round) > 1);
  }

  private void recommend() {
    report.fact("size", (options.sizeBytes() >> 20) + " MiB");
    report.fact("goal", options.goal().label());
    report.fact(
        "recommended",
        "zublk create --size SIZE "
            + chosen.values().stream().map(Tuner::quoted).collect(Collectors.joining(" ")));
    report.note(
        "factors are geometric means over the rows that count for %s, medians of %d rounds;"
                .formatted(options.goal().label(), options.rounds())
            + " up to %.2f may be noise, and the default stays".formatted(NOISE));
  }

  /** What a shell takes as it is: codecs have parentheses. */
  private static String quoted(String typed) {
    return typed.contains("(") ? typed.replaceFirst(" (.*)", " '$1'") : typed;
  }
}
