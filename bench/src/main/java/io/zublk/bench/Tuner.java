package io.zublk.bench;

import io.zublk.bench.Report.Pair;
import io.zublk.daemon.UserException;
import io.zublk.uring.sys.Tasks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Finds the options of {@code create} that suit this machine and data, one {@link TuneStep} after
 * the other: devices that differ only in it exist side by side, are filled, verified, and measured
 * in turns. Every round makes them anew, since two devices of the same options differ, too, by
 * where their memory lies and what the JVM compiled first. What beats the default beyond doubt
 * ({@link Gain}) is kept for the steps that follow.
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

  /** The contender that has only the options that earlier steps chose. */
  private static final String DEFAULT = "default";

  /** What filling and verifying do at least: for the guess how long it takes. */
  private static final double SLOW_BYTES_PER_SECOND = 200e6;

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
    List<TuneStep> steps =
        TuneStep.only(options.only(), CPUS, Tasks.affinity()).stream()
            .filter(step -> step.goals().contains(options.goal()))
            .toList();
    Fio.check();
    double loadBefore = MachineFacts.load();
    describe();
    chosen.put("--algorithm", "--algorithm lz4");
    try (Cleanup cleanup = new Cleanup();
        BenchData data = BenchData.load(options.data(), options.sizeBytes());
        WritePatterns patterns = new WritePatterns(data.bytes())) {
      data.describe(report);
      progress.begin(
          steps.stream().mapToInt(this::devices).sum(),
          steps.stream().mapToInt(this::devices).sum() * deviceSeconds(),
          "--only, --rounds and --seconds");
      Fio fio = new Fio(patterns, options.seconds());
      for (TuneStep step : steps) {
        take(step, data, fio, cleanup);
      }
    }
    MachineFacts.describeLoad(report, loadBefore);
    recommend();
    return report;
  }

  private void describe() {
    MachineFacts.describe(report);
    report.fact("size_bytes", options.sizeBytes(), (options.sizeBytes() >> 20) + " MiB");
    report.fact("goal", options.goal().label());
    report.fact("rounds", options.rounds(), options.rounds() + ", each with new devices");
    report.fact("row_s", options.seconds(), Report.plain(options.seconds()) + " s");
  }

  /** How many devices a step makes, if all its alternatives can be had. */
  private int devices(TuneStep step) {
    int different = step.alternatives().isEmpty() ? 0 : 1 + step.alternatives().size();
    return options.rounds() * different;
  }

  /** What one device takes in one round: to be made, filled, verified and measured. */
  private double deviceSeconds() {
    double row = options.seconds() + Fio.rampSeconds(options.seconds()) + Fio.START_SECONDS;
    double rest = options.goal() == Goal.MEMORY ? ZublkDevice.SETTLE_SECONDS : 0;
    return 1 + 2 * options.sizeBytes() / SLOW_BYTES_PER_SECOND + rest + rows().size() * row;
  }

  private void take(TuneStep step, BenchData data, Fio fio, Cleanup cleanup) throws IOException {
    if (step.alternatives().isEmpty()) {
      report.note(step.option() + " is not tried: with one CPU there is only the default");
      return;
    }
    List<String> contenders = new ArrayList<>(List.of(DEFAULT));
    contenders.addAll(step.alternatives());
    for (int round = 1; round <= options.rounds() && contenders.size() > 1; round++) {
      // Whoever is first may be at an advantage: so it is another one every second round.
      List<String> inTurn = round % 2 == 1 ? contenders : contenders.reversed();
      Map<String, ZublkDevice> devices = new LinkedHashMap<>();
      for (String contender : List.copyOf(inTurn)) {
        try {
          devices.put(contender, cleanup.add(make(step, contender)));
        } catch (UserException e) { // such as an old kernel that has not got it
          Cleanup.throwIfInterrupted();
          if (contender.equals(DEFAULT)) {
            throw e;
          }
          giveUp(contender, e.getMessage(), contenders);
        }
        if (round == 1 && contender.equals(DEFAULT) && isUseless(step, devices.get(DEFAULT))) {
          giveUp(step.option(), step.need().otherwise(), contenders);
          break;
        }
      }
      if (contenders.size() > 1) {
        measure(step, devices, data, fio, round);
      }
      cleanup.closeAll();
    }
    if (contenders.size() > 1) {
      decide(step, contenders.subList(1, contenders.size()));
    }
  }

  private boolean isUseless(TuneStep step, ZublkDevice byDefault) {
    report.fact("transport", byDefault.address().isNbd() ? "nbd" : "ublk");
    return !step.need().isMet(byDefault.stat());
  }

  /** Leaves out an alternative, or by the option's own name all that are left. */
  private void giveUp(String what, String reason, List<String> contenders) {
    report.note("%s is not tried: %s".formatted(what, reason));
    int before = contenders.size();
    if (!contenders.remove(what)) {
      contenders.clear();
    }
    int fewer = options.rounds() * (before - contenders.size());
    progress.skip(fewer, fewer * deviceSeconds());
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

  private void measure(
      TuneStep step, Map<String, ZublkDevice> devices, BenchData data, Fio fio, int round)
      throws IOException {
    for (ZublkDevice device : devices.values()) {
      progress.step(
          "%s, round %d of %d: %s".formatted(step.option(), round, options.rounds(), device.name()),
          deviceSeconds());
      Contents.fill(device, data.bytes());
      Contents.verify(device, data.bytes());
      if (options.goal() == Goal.MEMORY) {
        figures.addMemory(device, device.name());
      }
    }
    for (FioRow row : rows()) {
      for (ZublkDevice device : devices.values()) {
        Cleanup.throwIfInterrupted();
        FioResult result = fio.run(row, device.address(), device.sizeBytes());
        figures.add(row.named(step.option() + ": " + row.label()), device.name(), result);
      }
    }
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
    Map<String, Gain> gains = new LinkedHashMap<>();
    for (String alternative : alternatives) {
      report.compare(alternative, DEFAULT);
      gains.put(alternative, gain(new Pair(alternative, DEFAULT)));
    }
    String best =
        gains.entrySet().stream()
            .filter(entry -> entry.getValue().isWorthIt())
            .max(Comparator.comparingDouble(entry -> entry.getValue().low()))
            .map(Map.Entry::getKey)
            .orElse(DEFAULT);
    if (!best.equals(DEFAULT)) {
      chosen.put(step.option(), best);
    }
    report.note(
        "%s: the default as 1.00, %s; %s"
            .formatted(
                step.option(),
                gains.entrySet().stream()
                    .map(entry -> entry.getKey() + " " + entry.getValue())
                    .collect(Collectors.joining(", ")),
                best.equals(DEFAULT) ? "the default stays" : "so " + best));
  }

  private Gain gain(Pair pair) {
    return Gain.of(
        IntStream.range(0, options.rounds())
            .mapToObj(round -> options.goal().gain(report, pair, round))
            .toList());
  }

  private void recommend() {
    List<String> line = new ArrayList<>(List.of("zublk", "create", "--size", "SIZE"));
    chosen.values().forEach(typed -> line.addAll(List.of(typed.split(" ", 2))));
    report.fact("recommended", line, Shell.line(line));
    report.note(
        "factors are geometric means over the rows that count for %s and over %d rounds;"
                .formatted(options.goal().label(), options.rounds())
            + " the range has the true one in 99 of 100 cases; recommended is what is better in all"
            + " of its range, and by more than %.2f".formatted(Gain.LEAST));
    if (options.rounds() == 1) {
      report.note("one round tells no difference from noise: nothing can be recommended over it");
    }
  }
}
