package io.zublk.daemon;

import io.soabase.recordbuilder.core.RecordBuilder;
import io.zublk.store.StoreTuning;
import io.zublk.uring.sys.CpuList;
import io.zublk.vhost.VhostOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * What was asked for about a device's speed: a preset, and settings beside it that win. What a
 * machine makes of it are its {@code PerformanceSettings}. A setting that nobody asked for is null.
 *
 * <p>Making one checks all that can be checked without the machine.
 *
 * @param queues ublk hardware queues, 1 to 4096
 * @param queueDepth requests in flight per ublk queue, 1 to 4096
 * @param threadsPerQueue threads that serve each ublk queue, at most its depth
 * @param threads threads that serve the queues of a vhost-user client, 1 to 64
 * @param batchIo whether ublk's BATCH_IO is used where the kernel has it
 * @param polling whether queue threads look for requests for some time before they sleep
 * @param pollSpinCycles how often they look in vain, 1 to 10,000,000
 * @param pollAdaptive whether they look less often while it does not pay
 * @param batchPages staged pages that a worker takes at a time, 64 to 256
 * @param batchTimeoutMicros how long a worker waits for a batch, 1 to 1,000,000 µs
 * @param workers threads that compress, 0 to 64; 0: the threads that bring writes do it
 * @param stagingPages the most pages that wait for a worker, 0 to 16384
 * @param cpuAffinity the CPUs of the device's threads, such as {@code 1,2,4-7}; {@link #ALL_CPUS}
 *     is as if nobody had asked
 * @param numaNode the node that threads and memory are on
 */
@RecordBuilder
public record PerformanceConfig(
    Preset preset,
    Integer queues,
    Integer queueDepth,
    Integer threadsPerQueue,
    Integer threads,
    Boolean batchIo,
    Boolean polling,
    Integer pollSpinCycles,
    Boolean pollAdaptive,
    Integer batchPages,
    Integer batchTimeoutMicros,
    Integer workers,
    Integer stagingPages,
    String cpuAffinity,
    Integer numaNode) {

  /** Nothing was asked for. */
  public static final PerformanceConfig DEFAULT = of(Preset.DEFAULT);

  /** All CPUs that the device may use, or those of its node. */
  public static final String ALL_CPUS = "all";

  /** Less is not worth waking a worker for, more is no faster: the specification's range. */
  private static final int LEAST_BATCH_PAGES = 64;

  private static final int MOST_BATCH_PAGES = 256;

  /** A preset and nothing beside it. */
  public static PerformanceConfig of(Preset preset) {
    return PerformanceConfigBuilder.builder().preset(preset).build();
  }

  /**
   * Checks.
   *
   * @throws UserException with one line for the user
   */
  public PerformanceConfig {
    preset = Objects.requireNonNullElse(preset, Preset.DEFAULT);
    require("--queues", queues, 1, 4096);
    require("--queue-depth", queueDepth, 1, 4096);
    require("--threads-per-queue", threadsPerQueue, 1, queueDepth == null ? 128 : queueDepth);
    require("--threads", threads, 1, VhostOptions.MAX_THREADS);
    require("--poll-spin-cycles", pollSpinCycles, 1, 10_000_000);
    require("--batch-pages", batchPages, LEAST_BATCH_PAGES, MOST_BATCH_PAGES);
    require("--batch-timeout-us", batchTimeoutMicros, 1, 1_000_000);
    require("--workers", workers, 0, 64);
    require("pages of --staging", stagingPages, 0, StoreTuning.MAX_STAGING_PAGES);
    require("--numa-node", numaNode, 0, 1023);
    cpuAffinity = ALL_CPUS.equals(cpuAffinity) ? null : cpuAffinity;
    if (cpuAffinity != null && CpuList.parse(cpuAffinity).isEmpty()) {
      throw new UserException("--cpu-affinity: the list is empty");
    }
    requirePolling(
        polling == null ? preset.polling().enabled() : polling, pollSpinCycles, pollAdaptive);
    if (workers != null
        && workers == 0
        && asksForBatches(batchPages, batchTimeoutMicros, stagingPages)) {
      throw new UserException(
          "--batch-pages, --batch-timeout-us and --staging are about the work of --workers: "
              + "with 0 there is none");
    }
  }

  private static void require(String option, Integer value, int least, int most) {
    if (value != null && (value < least || value > most)) {
      throw new UserException("%s %d: must be in %d..%d".formatted(option, value, least, most));
    }
  }

  private static void requirePolling(boolean polls, Integer spinCycles, Boolean adaptive) {
    if (!polls && (spinCycles != null || adaptive != null)) {
      throw new UserException(
          "--poll-spin-cycles and --poll-adaptive say how to poll: they need --polling");
    }
  }

  private static boolean asksForBatches(Integer pages, Integer micros, Integer staging) {
    return pages != null || micros != null || (staging != null && staging > 0);
  }

  public boolean asksForBatches() {
    return asksForBatches(batchPages, batchTimeoutMicros, stagingPages);
  }

  /** Whether queue threads poll, where there are any. */
  public boolean polls() {
    return polling == null ? preset.polling().enabled() : polling;
  }

  /** The options among those asked for that mean something to ublk only. */
  public List<String> ublkOptions() {
    List<String> names = new ArrayList<>();
    addName(names, "--queues", queues != null);
    addName(names, "--queue-depth", queueDepth != null);
    addName(names, "--threads-per-queue", threadsPerQueue != null);
    addName(names, "--batch-io", Boolean.TRUE.equals(batchIo));
    return names;
  }

  /** The options among those asked for that mean something where there are queues, as in ublk. */
  public List<String> queueOptions() {
    List<String> names = new ArrayList<>(ublkOptions());
    addName(names, "--polling", Boolean.TRUE.equals(polling));
    addName(names, "--poll-spin-cycles", pollSpinCycles != null);
    addName(names, "--poll-adaptive", pollAdaptive != null);
    return names;
  }

  /** The options among those asked for that mean something to vhost-user only. */
  public List<String> vhostOptions() {
    return threads == null ? List.of() : List.of("--threads");
  }

  private static void addName(List<String> names, String option, boolean isGiven) {
    if (isGiven) {
      names.add(option);
    }
  }
}
