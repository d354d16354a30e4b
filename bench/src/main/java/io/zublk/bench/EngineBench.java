package io.zublk.bench;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.bench.Report.Section;
import io.zublk.block.Threads;
import io.zublk.codec.PackingSpec;
import io.zublk.daemon.UserException;
import io.zublk.store.StoreTuning;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * The page store in this process, without a transport, beside kernel zram read and written past the
 * page cache. Rounds interleave the contenders; the first round only warms up and is not counted.
 */
public final class EngineBench {

  /**
   * What to measure.
   *
   * @param data a data set's name or a file, as {@link BenchData} knows them
   * @param sizeBytes of every contender, a multiple of 1 MiB
   * @param threads the numbers of threads to try
   * @param algorithms codecs as users write them
   * @param staging the staged contender; {@link StoreTuning#INLINE} for none
   * @param seconds for each row of each contender in each round
   * @param rivals whether kernel zram is measured beside
   * @param zramAlgorithms zram's names of what it is measured with; empty for each codec's own
   */
  public record Options(
      String data,
      long sizeBytes,
      List<Integer> threads,
      List<String> algorithms,
      StoreTuning staging,
      double seconds,
      int rounds,
      boolean rivals,
      List<String> zramAlgorithms) {}

  private static final long MIB = 1 << 20;

  /** What a row runs before its clock starts: staging is then as full as it will be. */
  private static final double WARM_UP_SHARE = 0.25;

  /** What filling and verifying do at least: for the guess how long it takes. */
  private static final double SLOW_BYTES_PER_SECOND = 200e6;

  /** Bursts that are one value: each is over in milliseconds. */
  private static final int BURSTS = 5;

  private final Options options;
  private final Progress progress;
  private final Report report = new Report("zublk bench engine");

  /**
   * Prepares a benchmark.
   *
   * @throws UserException if there is no such data
   */
  public EngineBench(Options options, Progress progress) {
    BenchData.check(options.data());
    this.options = options;
    this.progress = progress;
  }

  /** Measures. Takes as long as the options say; everything made is removed, also on failure. */
  public Report run() throws IOException {
    MachineFacts.describe(report);
    report.fact("size_bytes", options.sizeBytes(), (options.sizeBytes() >> 20) + " MiB");
    report.fact(
        "row_s",
        options.seconds(),
        "%s s x %d rounds, medians".formatted(Report.plain(options.seconds()), options.rounds()));
    report.fact("rounds", options.rounds(), "");
    try (Cleanup cleanup = new Cleanup();
        BenchData data = BenchData.load(options.data(), options.sizeBytes())) {
      data.describe(report);
      double loadBefore = MachineFacts.load();
      progress.begin(steps(), expectedSeconds(), "--rounds, --seconds and --threads");
      for (String algorithm : options.algorithms()) {
        measure(contenders(algorithm, cleanup), data.bytes());
        cleanup.closeAll();
      }
      MachineFacts.describeLoad(report, loadBefore);
    }
    report.note("zram is read and written by the same threads with O_DIRECT system calls");
    report.note(
        "µs/page: processor time of all threads, the workers and the kernel's part included");
    return report;
  }

  private static Map<String, Object> fields(StoreTuning staging) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("workers", staging.workers());
    fields.put("batch_pages", staging.batchPages());
    fields.put("batch_timeout_us", staging.batchTimeoutMicros());
    fields.put("staging_pages", staging.stagingPages());
    return fields;
  }

  private int rowsARound() {
    return options.threads().size() * Workload.values().length + 1;
  }

  /** Of all algorithms: filling and verifying each contender, and a step for each row. */
  private int steps() {
    int rows = (options.rounds() + 1) * rowsARound();
    return options.algorithms().size() * (2 * contendersEach() + rows);
  }

  private double expectedSeconds() {
    double rows = (options.rounds() + 1) * rowsARound() * rowSeconds();
    return options.algorithms().size() * (2 * contendersEach() * verifySeconds() + rows);
  }

  private double rowSeconds() {
    return contendersEach() * options.seconds() * (1 + WARM_UP_SHARE);
  }

  private double verifySeconds() {
    return options.sizeBytes() / SLOW_BYTES_PER_SECOND;
  }

  private int contendersEach() {
    return 1
        + (options.staging().workers() > 0 ? 1 : 0)
        + (options.rivals() && ZramDevice.missing().isEmpty()
            ? Math.max(1, options.zramAlgorithms().size())
            : 0);
  }

  private List<Target> contenders(String algorithm, Cleanup cleanup) throws IOException {
    PackingSpec packing = PackingSpec.parse(algorithm);
    long bytes = options.sizeBytes();
    List<Target> targets = new ArrayList<>();
    String name = "zublk " + algorithm;
    targets.add(cleanup.add(StoreTarget.create(name, packing, bytes, StoreTuning.INLINE)));
    StoreTuning staging = options.staging();
    if (staging.workers() > 0) {
      String staged = name + " staged";
      targets.add(cleanup.add(StoreTarget.create(staged, packing, bytes, staging)));
      report.fact(
          "staging",
          fields(staging),
          "%d workers, batches of %d pages or %d µs, at most %d pages"
              .formatted(
                  staging.workers(),
                  staging.batchPages(),
                  staging.batchTimeoutMicros(),
                  staging.stagingPages()));
    }
    if (options.rivals()) {
      List<String> algorithms = options.zramAlgorithms();
      targets.addAll(
          zrams(
              algorithms.isEmpty() ? List.of(ZramDevice.beside(packing)) : algorithms,
              List.copyOf(targets),
              cleanup));
    }
    return targets;
  }

  private List<Target> zrams(List<String> algorithms, List<Target> ours, Cleanup cleanup)
      throws IOException {
    List<Target> zrams = new ArrayList<>();
    for (String algorithm : algorithms) {
      try {
        ZramDevice zram = cleanup.add(ZramDevice.create(algorithm, options.sizeBytes()));
        ours.forEach(target -> report.compare(target.name(), zram.name()));
        zrams.add(zram);
      } catch (UserException e) {
        report.note("no kernel zram beside: " + e.getMessage());
      }
    }
    return zrams;
  }

  private void measure(List<Target> targets, MemorySegment data) throws IOException {
    for (Target target : targets) {
      progress.step("filling and verifying " + target.name(), verifySeconds());
      Contents.fill(target, data);
      Contents.verify(target, data);
      target.settle();
      new DeviceFigures(report).addMemory(target, target.name());
    }
    for (int round = 0; round <= options.rounds(); round++) {
      measureRound(targets, data, round);
    }
    for (Target target : targets) {
      progress.step("verifying " + target.name(), verifySeconds());
      Contents.verify(target, data);
    }
  }

  /** Contenders take turns row by row, so that a noisy moment hits all of them. */
  private void measureRound(List<Target> targets, MemorySegment data, int round)
      throws IOException {
    boolean counts = round > 0;
    String when = counts ? "round %d of %d".formatted(round, options.rounds()) : "warming up";
    for (int threads : options.threads()) {
      for (Workload workload : Workload.values()) {
        progress.step(
            "%s: %s, %s".formatted(when, workload.label(), threads(threads)), rowSeconds());
        for (Target target : targets) {
          measureRow(target, workload, threads, data, counts);
        }
      }
    }
    progress.step(when + ": bursts", rowSeconds());
    for (Target target : targets) {
      measureBurst(target, data, counts);
    }
  }

  private static String threads(int count) {
    return count == 1 ? "1 thread" : count + " threads";
  }

  private void measureRow(
      Target target, Workload workload, int threads, MemorySegment data, boolean counts)
      throws IOException {
    List<LoadThread> running = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      running.add(new LoadThread(target, workload, data, i, threads));
    }
    running.forEach(Thread::start);
    long requests;
    long nanos;
    long cpu;
    try {
      Cleanup.sleep((long) (options.seconds() * WARM_UP_SHARE * 1e3));
      running.forEach(LoadThread::startSampling);
      long startDone = done(running);
      long startCpu = ProcessTime.nanos();
      long start = System.nanoTime();
      Cleanup.sleep((long) (options.seconds() * 1e3));
      while (done(running) == startDone && running.stream().allMatch(Thread::isAlive)) {
        Cleanup.sleep(1); // a rate of no requests at all is none, and a busy machine may need time
      }
      nanos = System.nanoTime() - start;
      cpu = ProcessTime.nanos() - startCpu;
      requests = done(running) - startDone;
    } finally {
      // Also when interrupted: nobody may use a target that is being closed.
      running.forEach(LoadThread::stopSoon);
      running.forEach(Threads::join);
    }
    running.stream()
        .map(LoadThread::failure)
        .filter(f -> f != null)
        .findFirst()
        .ifPresent(f -> {
          throw new UserException(target.name() + " failed, " + f);
        });
    if (counts) {
      long[] samples = running.stream().flatMapToLong(t -> Arrays.stream(t.samples())).toArray();
      record(target.name(), workload, threads, requests, nanos, cpu, samples);
    }
  }

  private void record(
      String contender,
      Workload workload,
      int threads,
      long requests,
      long nanos,
      long cpu,
      long[] samples) {
    String row = workload.label() + ", " + threads(threads);
    double bytes = (double) requests * workload.requestBytes();
    if (workload.isRandom()) {
      report.add(Section.REQUESTS, row, contender, requests * 1e9 / nanos);
      if (samples.length > 0) {
        latency(contender, row, samples);
      }
    } else {
      report.add(Section.THROUGHPUT, row, contender, bytes * 1e3 / nanos);
    }
    double pages = Math.max(1, bytes / PAGE_BYTES);
    report.add(Section.PROCESSOR, row, contender, cpu / 1e3 / pages);
  }

  private void latency(String contender, String row, long[] samples) {
    for (double percent : new double[] {50, 99, 99.9}) {
      double micros = Statistics.percentile(samples, percent) / 1e3;
      report.add(Section.LATENCY, Report.percentileOf(row, percent), contender, micros);
    }
  }

  /** What is acknowledged of a burst from rest: with staging, copies; without, compressed pages. */
  private void measureBurst(Target target, MemorySegment data, boolean counts) throws IOException {
    long staged = (long) options.staging().stagingPages() * PAGE_BYTES;
    long bytes = Math.min(staged / MIB * MIB, options.sizeBytes());
    if (bytes == 0) {
      return;
    }
    double[] rates = new double[BURSTS];
    try (Lane lane = target.openLane()) {
      for (int i = 0; i < BURSTS; i++) {
        target.settle();
        long start = System.nanoTime();
        for (long at = 0; at < bytes; at += MIB) {
          if (lane.write(at, data, at, (int) MIB) != 0) {
            throw new UserException(target.name() + " refused a write");
          }
        }
        rates[i] = bytes * 1e3 / (System.nanoTime() - start);
      }
    }
    if (counts) {
      double median = Statistics.median(Arrays.stream(rates).boxed().toList());
      String row = "burst write of %d MiB, 1 thread".formatted(bytes >> 20);
      report.add(Section.THROUGHPUT, row, target.name(), median);
    }
  }

  private static long done(List<LoadThread> running) {
    return running.stream().flatMapToLong(t -> LongStream.of(t.done())).sum();
  }
}
