package io.zublk.bench;

import io.zublk.codec.PackingSpec;
import io.zublk.daemon.UserException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Devices as their users see them: the specification's protocol by fio, beside kernel zram and
 * nbdkit. In each round every contender is filled with the data set and read back, and then they
 * take turns row by row.
 */
public final class DeviceBench {

  /**
   * What to measure.
   *
   * @param device an existing device's id, path or URI; empty to make one for each algorithm
   * @param overwrite whether an existing device may lose what it holds
   * @param createOptions further options of {@code create} for the devices that are made
   * @param data a data set's name or a file, as {@link BenchData} knows them
   * @param sizeBytes of every contender, a multiple of 1 MiB; an existing device has its own
   * @param algorithms codecs as users write them
   * @param seconds for each row of each contender in each round
   * @param depth requests in flight of each job in the rows of throughput
   * @param sequentialJobs jobs of the sequential rows
   * @param randomJobs jobs of the random rows
   * @param rivals whether rivals are measured beside
   */
  public record Options(
      String device,
      boolean overwrite,
      List<String> createOptions,
      String data,
      long sizeBytes,
      List<String> algorithms,
      double seconds,
      int rounds,
      int depth,
      int sequentialJobs,
      int randomJobs,
      boolean rivals) {}

  private static final int[] LATENCY_DEPTHS = {1, 4};

  /** What filling and verifying do at least: for the guess how long it takes. */
  private static final double SLOW_BYTES_PER_SECOND = 200e6;

  private final Options options;
  private final DeviceMaker maker;
  private final Progress progress;
  private final Report report = new Report("zublk bench device");
  private final DeviceFigures figures = new DeviceFigures(report);
  private final List<FioRow> rows;

  /** The options with which devices were made, by contender. */
  private final Map<String, List<String>> created = new LinkedHashMap<>();

  /**
   * Prepares a benchmark that will make its devices by {@code maker}.
   *
   * @throws UserException if there is no such data
   */
  public DeviceBench(Options options, DeviceMaker maker, Progress progress) {
    BenchData.check(options.data());
    this.options = options;
    this.maker = maker;
    this.progress = progress;
    this.rows = protocol(options);
  }

  /** The specification's rows, reads first: they are of what was filled in. */
  private static List<FioRow> protocol(Options options) {
    List<FioRow> rows = new ArrayList<>();
    for (String rw : List.of("read", "write")) {
      rows.add(FioRow.sequential(rw, options.depth(), options.sequentialJobs()));
      rows.add(FioRow.random(rw, options.depth(), options.randomJobs()));
      for (int depth : LATENCY_DEPTHS) {
        rows.add(FioRow.random(rw, depth, 1));
      }
    }
    return rows;
  }

  /**
   * Measures. Everything made is removed, also on failure.
   *
   * @throws UserException if a device returns other bytes than were written, and on users' mistakes
   */
  public Report run() throws IOException {
    Fio.check();
    double loadBefore = MachineFacts.load();
    try (Cleanup cleanup = new Cleanup()) {
      List<DeviceTarget> targets = contenders(cleanup);
      long bytes = targets.getFirst().sizeBytes();
      try (BenchData data = BenchData.load(options.data(), bytes);
          WritePatterns patterns = new WritePatterns(data.bytes())) {
        describe(targets, data, bytes);
        announce(targets.size(), bytes);
        Fio fio = new Fio(patterns, options.seconds());
        for (int round = 1; round <= options.rounds(); round++) {
          measureRound(targets, data, fio, round);
        }
      }
    }
    MachineFacts.describeLoad(report, loadBefore);
    return report;
  }

  private void describe(List<DeviceTarget> targets, BenchData data, long bytes) {
    MachineFacts.describe(report);
    data.describe(report);
    report.fact("size_bytes", bytes, (bytes >> 20) + " MiB");
    report.fact(
        "row_s",
        options.seconds(),
        "%s s x %d rounds, medians; %s s before each does not count"
            .formatted(
                Report.plain(options.seconds()),
                options.rounds(),
                Report.plain(Fio.rampSeconds(options.seconds()))));
    report.fact("rounds", options.rounds(), "");
    report.fact("ramp_s", Fio.rampSeconds(options.seconds()), "");
    Map<String, String> engines = new LinkedHashMap<>();
    targets.forEach(target -> engines.put(target.name(), target.address().engine()));
    report.fact("fio_engines", engines, words(engines));
    Map<String, String> create = new LinkedHashMap<>();
    created.forEach((name, words) -> create.put(name, Shell.line(words)));
    report.fact("create_options", created, words(create));
    report.note("every contender was filled with the data and read back right in every round");
    report.note("latencies are fio's, from submission to completion");
    report.note(
        "fio repeats what it writes: 1M rows write pages of the data in order, 4K rows one page a"
            + " job, spread over the pages ordered by compressed size");
    boolean mixed = targets.stream().map(t -> t.address().isNbd()).distinct().count() > 1;
    if (mixed) {
      report.note("block devices answer inside the kernel; NBD goes through a socket as well");
    }
  }

  private static String words(Map<String, String> map) {
    return map.entrySet().stream()
        .map(entry -> entry.getKey() + ": " + entry.getValue())
        .collect(Collectors.joining(", "));
  }

  private double rowSeconds(int contenders) {
    return contenders
        * (options.seconds() + Fio.rampSeconds(options.seconds()) + Fio.START_SECONDS);
  }

  private void announce(int contenders, long bytes) {
    double round = rows.size() * rowSeconds(contenders) + contenders * fillSeconds(bytes);
    progress.begin(
        options.rounds() * (rows.size() + contenders),
        options.rounds() * round,
        "--rounds, --runtime and --no-rivals");
  }

  private static double fillSeconds(long bytes) {
    return 2 * bytes / SLOW_BYTES_PER_SECOND + ZublkDevice.SETTLE_SECONDS;
  }

  private List<DeviceTarget> contenders(Cleanup cleanup) throws IOException {
    List<DeviceTarget> ours = new ArrayList<>();
    if (options.device().isEmpty()) {
      for (String algorithm : options.algorithms()) {
        progress.say("creating a device, " + algorithm);
        ours.add(cleanup.add(make(algorithm)));
      }
    } else {
      ours.add(cleanup.add(ZublkDevice.existing(options.device(), options.overwrite())));
    }
    List<DeviceTarget> targets = new ArrayList<>(ours);
    if (options.rivals()) {
      long bytes = ours.getFirst().sizeBytes();
      for (String algorithm : algorithms(ours)) {
        rival(() -> ZramDevice.create(algorithm, bytes), "zram " + algorithm, targets, cleanup);
      }
      rival(() -> NbdkitServer.start("malloc", bytes), "nbdkit malloc", targets, cleanup);
      rival(() -> NbdkitServer.start("zstd", bytes), "nbdkit zstd", targets, cleanup);
      compare(ours);
    }
    return targets;
  }

  private ZublkDevice make(String algorithm) {
    List<String> create =
        new ArrayList<>(List.of("--size", Long.toString(options.sizeBytes()), "-a", algorithm));
    create.addAll(options.createOptions());
    String name = "zublk " + algorithm;
    created.put(name, create);
    return ZublkDevice.made(name, maker.create(create));
  }

  private static Set<String> algorithms(List<DeviceTarget> ours) {
    return ours.stream()
        .map(DeviceBench::family)
        .filter(family -> !family.equals("none"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String family(DeviceTarget ours) {
    return ZramDevice.beside(PackingSpec.parse(ours.name().substring("zublk ".length())));
  }

  private interface Starter {
    DeviceTarget start() throws IOException;
  }

  private void rival(Starter starter, String name, List<DeviceTarget> targets, Cleanup cleanup)
      throws IOException {
    try {
      targets.add(cleanup.add(starter.start()));
    } catch (UserException e) {
      report.note("%s is not measured: %s".formatted(name, e.getMessage()));
    }
  }

  private void compare(List<DeviceTarget> ours) {
    for (DeviceTarget target : ours) {
      report.compare(target.name(), "zram " + family(target));
      if (target.address().isNbd()) {
        String allocator = family(target).equals("zstd") ? "zstd" : "malloc";
        report.compare(target.name(), "nbdkit " + allocator);
      }
    }
  }

  private void measureRound(List<DeviceTarget> targets, BenchData data, Fio fio, int round)
      throws IOException {
    String when = "round %d of %d".formatted(round, options.rounds());
    for (DeviceTarget target : targets) {
      progress.step(
          "%s: filling and verifying %s".formatted(when, target.name()),
          fillSeconds(data.bytes().byteSize()));
      attempt(target, () -> fill(target, data));
    }
    for (FioRow row : rows) {
      progress.step("%s: %s".formatted(when, row.label()), rowSeconds(targets.size()));
      for (DeviceTarget target : targets) {
        Cleanup.throwIfInterrupted();
        attempt(target, () -> measure(target, fio, row));
      }
    }
  }

  private void fill(DeviceTarget target, BenchData data) throws IOException {
    Contents.fill(target, data.bytes());
    Contents.verify(target, data.bytes());
    figures.addMemory(target, target.name());
  }

  private void measure(DeviceTarget target, Fio fio, FioRow row) throws IOException {
    figures.add(row, target.name(), fio.run(row, target.address(), target.sizeBytes()));
  }

  private interface Step {
    void run() throws IOException;
  }

  /** Soon a target is removed, with its log: fio, say, knows only that it was hung up on. */
  private static void attempt(DeviceTarget target, Step step) throws IOException {
    try {
      step.run();
    } catch (IOException | UserException e) {
      if (!Thread.currentThread().isInterrupted()) {
        String name = target.name();
        target.condition().forEach(line -> System.err.println("zublk: " + name + ": " + line));
      }
      throw e;
    }
  }
}
