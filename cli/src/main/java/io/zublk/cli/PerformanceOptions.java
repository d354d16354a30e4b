package io.zublk.cli;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.daemon.PerformanceConfig;
import io.zublk.daemon.PerformanceConfigBuilder;
import io.zublk.daemon.Preset;
import io.zublk.daemon.UserException;
import io.zublk.store.StoreTuning;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The options of {@code create} that trade memory and CPU time for speed. */
final class PerformanceOptions {

  @ArgGroup private Presets presets;

  private static final class Presets {
    @Option(
        names = "--high-perf",
        description = "Polls adaptively, 50000 cycles; batches of 128 pages or 50 µs.")
    private boolean high;

    @Option(
        names = "--max-perf",
        description = "Always polls, 100000 cycles; batches of 256 pages or 25 µs.")
    private boolean max;
  }

  @Option(
      names = "--queues",
      paramLabel = "N",
      description = "Hardware queues of a ublk device; default: one per CPU, at most 4.")
  private Integer queues;

  @Option(
      names = "--queue-depth",
      paramLabel = "N",
      description = "Requests in flight on each queue of a ublk device; default: 128.")
  private Integer queueDepth;

  @Option(
      names = "--threads-per-queue",
      paramLabel = "N",
      description = "Threads that serve each queue of a ublk device (Linux 6.16); default: 1.")
  private Integer threadsPerQueue;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description =
          "Threads that serve the queues of a vhost-user client, 1 to 64, queue q by thread q modulo"
              + " N; default: one per CPU, at most 4.")
  private Integer threads;

  @Option(
      names = "--batch-io",
      negatable = true,
      description =
          "Whether ublk's BATCH_IO is used where the kernel has it (7.0); default: no, as Linux up"
              + " to 7.3 may copy requests to where nobody is if the process dies.")
  private Boolean batchIo;

  @Option(
      names = "--polling",
      negatable = true,
      description =
          "Whether threads of ublk's or a vhost-user client's queues look for requests for some time"
              + " before they sleep.")
  private Boolean polling;

  @Option(
      names = "--poll-spin-cycles",
      paramLabel = "N",
      description = "How often they look in vain before they sleep; default: 10000.")
  private Integer pollSpinCycles;

  @Option(
      names = "--poll-adaptive",
      negatable = true,
      description = "Whether they look less while it does not pay; default: yes.")
  private Boolean pollAdaptive;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = {
        "Threads that compress what is written; 0: whoever takes a write compresses it.",
        "Default: one fewer than CPUs, but at least one."
      })
  private Integer workers;

  @Option(
      names = "--staging",
      paramLabel = "SIZE",
      converter = Usage.Size.class,
      description =
          "The most memory for pages that wait for a worker; default: 64M, or 0 on a single CPU.")
  private Long staging;

  @Option(
      names = "--batch-pages",
      paramLabel = "N",
      description = "Pages that a worker takes at a time, 64 to 256; default: 64.")
  private Integer batchPages;

  @Option(
      names = "--batch-timeout-us",
      paramLabel = "N",
      description = "Microseconds that a worker waits for a full batch; default: 100.")
  private Integer batchTimeoutMicros;

  @Option(
      names = "--cpu-affinity",
      paramLabel = "CPUS",
      description = {
        "The CPUs of the device, such as 1,2,4-7: one for each queue thread in turn;",
        "default: all."
      })
  private String cpuAffinity;

  @Option(
      names = "--numa-node",
      paramLabel = "N",
      description = "The NUMA node that the device's threads and memory are on.")
  private Integer numaNode;

  PerformanceConfig config() {
    return PerformanceConfigBuilder.builder()
        .preset(preset())
        .queues(queues)
        .queueDepth(queueDepth)
        .threadsPerQueue(threadsPerQueue)
        .threads(threads)
        .batchIo(batchIo)
        .polling(polling)
        .pollSpinCycles(pollSpinCycles)
        .pollAdaptive(pollAdaptive)
        .batchPages(batchPages)
        .batchTimeoutMicros(batchTimeoutMicros)
        .workers(workers)
        .stagingPages(staging == null ? null : stagingPages(staging))
        .cpuAffinity(cpuAffinity)
        .numaNode(numaNode)
        .build();
  }

  private Preset preset() {
    if (presets == null) {
      return Preset.DEFAULT;
    }
    if (presets.high) {
      return Preset.HIGH_PERF;
    }
    return presets.max ? Preset.MAX_PERF : Preset.DEFAULT;
  }

  private static int stagingPages(long bytes) {
    if (bytes / PAGE_BYTES > StoreTuning.MAX_STAGING_PAGES) {
      throw new UserException(
          "--staging %d: must be at most %s"
              .formatted(bytes, Bytes.human((long) StoreTuning.MAX_STAGING_PAGES * PAGE_BYTES)));
    }
    return (int) (bytes / PAGE_BYTES);
  }
}
