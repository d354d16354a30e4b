package io.zublk.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Finds the options of {@code create} that suit this machine and data, one option after the other:
 * devices that differ only in it exist side by side, are filled, verified, and measured in turns.
 * Another value than the first, the default, is taken only if it is better by more than noise.
 */
public final class Tuner {

  /**
   * What to tune for.
   *
   * @param data a data set's name or a file, as {@link BenchData} knows them
   * @param sizeBytes of each device that is tried, a multiple of 1 MiB
   * @param seconds for each row of each device in each round
   */
  public record Options(String data, long sizeBytes, Goal goal, int seconds, int rounds) {}

  /** Medians of short runs differ by this much when nothing else does. */
  private static final double NOISE = 1.05;

  private static final int CPUS = Runtime.getRuntime().availableProcessors();

  /** An option and the values to try, the default first. Flags are true or false. */
  private record Step(String option, List<String> values) {

    Step(String option, IntStream values) {
      this(option, values.distinct().mapToObj(Integer::toString).toList());
    }
  }

  private final Options options;
  private final DeviceMaker maker;
  private final Progress progress;
  private final Report report = new Report("zublk tune");
  private final DeviceFigures figures = new DeviceFigures(report);

  /** What has been decided so far, other than by default. */
  private final Map<String, String> chosen = new LinkedHashMap<>();

  private boolean isUblk;

  /** Prepares to try devices that {@code maker} makes. */
  public Tuner(Options options, DeviceMaker maker, Progress progress) {
    this.options = options;
    this.maker = maker;
    this.progress = progress;
  }

  /** Measures and recommends. Everything made is removed, also on failure. */
  public Report run() throws IOException {
    BenchData.check(options.data());
    Fio.check();
    try (Cleanup cleanup = new Cleanup();
        BenchData data = BenchData.load(options.data(), options.sizeBytes());
        WritePatterns patterns = new WritePatterns(data.bytes())) {
      Fio fio = new Fio(patterns, options.seconds());
      chosen.put("--algorithm", "lz4");
      take(
          new Step("--algorithm", List.of("lz4", "zstd(level=1)", "zstd(level=3)")),
          data,
          fio,
          cleanup);
      take(
          new Step("--workers", IntStream.of(Math.max(1, CPUS - 1), 0, 1, CPUS)),
          data,
          fio,
          cleanup);
      if (!"0".equals(chosen.get("--workers"))) {
        take(new Step("--batch-pages", IntStream.of(64, 128, 256)), data, fio, cleanup);
      }
      if (isUblk) {
        take(new Step("--queues", IntStream.of(Math.min(4, CPUS), 1)), data, fio, cleanup);
        take(new Step("--polling", List.of("false", "true")), data, fio, cleanup);
      }
      recommend(data);
    }
    return report;
  }

  /** What tells something about the goal; of memory, filling tells all. */
  private static List<FioRow> rows(Goal goal) {
    return switch (goal) {
      case THROUGHPUT ->
          List.of(
              FioRow.sequential("read", 8, 1),
              FioRow.sequential("write", 8, 1),
              FioRow.random("read", 32, 1),
              FioRow.random("write", 32, 1));
      case LATENCY -> List.of(FioRow.random("read", 1, 1), FioRow.random("write", 1, 1));
      case MEMORY -> List.of();
    };
  }

  private void take(Step step, BenchData data, Fio fio, Cleanup cleanup) throws IOException {
    Map<String, ZublkDevice> devices = new LinkedHashMap<>();
    for (String value : step.values()) {
      String name = name(step, value);
      progress.step("trying " + name);
      devices.put(name, cleanup.add(ZublkDevice.made(name, maker.create(create(step, value)))));
    }
    isUblk = devices.values().stream().noneMatch(device -> device.address().isNbd());
    for (ZublkDevice device : devices.values()) {
      Contents.fill(device, data.bytes());
      Contents.verify(device, data.bytes());
      figures.addMemory(device, device.name());
    }
    for (int round = 1; round <= options.rounds(); round++) {
      for (FioRow row : rows(options.goal())) {
        progress.step(
            "%s, round %d of %d: %s"
                .formatted(step.option(), round, options.rounds(), row.label()));
        for (ZublkDevice device : devices.values()) {
          Cleanup.throwIfInterrupted();
          figures.add(row, device.name(), fio.run(row, device.address(), device.sizeBytes()));
        }
      }
    }
    cleanup.closeAll();
    decide(step);
  }

  private void decide(Step step) {
    String first = step.values().getFirst();
    String best = first;
    List<String> gains = new ArrayList<>();
    for (String value : step.values().subList(1, step.values().size())) {
      double gain = gain(step, value, first);
      gains.add("%s %.2f".formatted(value, gain));
      if (gain > NOISE && gain > gain(step, best, first)) {
        best = value;
      }
    }
    if (!best.equals(first)) {
      chosen.put(step.option(), best);
    }
    report.note(
        "%s %s: beside %s as 1.00, %s"
            .formatted(step.option(), best, first, String.join(", ", gains)));
  }

  private double gain(Step step, String value, String than) {
    return options.goal().gain(report, name(step, value), name(step, than));
  }

  private static String name(Step step, String value) {
    return step.option().substring(2) + " " + value;
  }

  private List<String> create(Step step, String value) {
    Map<String, String> settings = new LinkedHashMap<>(chosen);
    settings.put(step.option(), value);
    List<String> create = new ArrayList<>(List.of("--size=" + options.sizeBytes()));
    settings.forEach((option, v) -> create.add(option + "=" + v));
    return create;
  }

  private void recommend(BenchData data) {
    Machine.describe(report);
    report.fact("data", data.name());
    report.fact("size", (options.sizeBytes() >> 20) + " MiB");
    report.fact("transport", isUblk ? "ublk" : "nbd");
    report.fact("goal", options.goal().label());
    report.fact(
        "recommended",
        "zublk create --size SIZE "
            + chosen.entrySet().stream()
                .map(entry -> option(entry.getKey(), entry.getValue()))
                .collect(Collectors.joining(" ")));
    report.note(
        "the factors are geometric means over the rows that count for %s, medians of %d rounds;"
                .formatted(options.goal().label(), options.rounds())
            + " less than %.2f is noise, and the default stays".formatted(NOISE));
  }

  private static String option(String name, String value) {
    if (value.equals("true")) {
      return name;
    }
    return name + " " + (value.contains("(") ? "'" + value + "'" : value);
  }
}
