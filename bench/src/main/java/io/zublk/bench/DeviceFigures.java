package io.zublk.bench;

import io.zublk.bench.DeviceTarget.MemoryUse;
import io.zublk.bench.Report.Section;
import io.zublk.daemon.UserException;
import java.io.IOException;
import java.util.Optional;

/** Puts what was measured on a device into the rows of a report. */
final class DeviceFigures {

  /** The row of the data against all memory that is taken for it. */
  static final String USED = "orig / used";

  /**
   * Longer than a device keeps free memory for the next burst: a second, noticed within one more.
   */
  private static final int SETTLE_MILLIS = 2_200;

  /** A pool of 64 MiB is compressed in a second or two, also by zstd. */
  private static final int SETTLE_TRIES = 7;

  private final Report report;

  DeviceFigures(Report report) {
    this.report = report;
  }

  /** Adds what a device takes once nothing waits for compression any more. */
  void addMemory(DeviceTarget target, String contender) throws IOException {
    settled(target)
        .ifPresent(use -> {
          double orig = use.orig();
          if (use.compr() > 0) { // zeros alone compress to nothing
            report.add(Section.MEMORY, "orig / compr", contender, orig / use.compr());
          }
          report.add(Section.MEMORY, USED, contender, orig / use.used());
        });
  }

  /** Staged pages are uncompressed memory: figures count from when they stay the same. */
  private static Optional<MemoryUse> settled(DeviceTarget target) throws IOException {
    Optional<MemoryUse> before = target.memory();
    for (int tries = 0; tries < SETTLE_TRIES; tries++) {
      sleep();
      Optional<MemoryUse> now = target.memory();
      if (now.equals(before)) {
        break;
      }
      before = now;
    }
    return before;
  }

  private static void sleep() {
    try {
      Thread.sleep(SETTLE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted", e);
    }
  }

  void add(FioRow row, String contender, FioResult result) {
    if (row.isRandom()) {
      report.add(Section.REQUESTS, row.label(), contender, result.iops());
    } else {
      report.add(Section.THROUGHPUT, row.label(), contender, result.bytesPerSecond() / 1e6);
    }
    if (row.isRandom() && row.jobs() == 1) {
      addLatency(row, 50, contender, result.p50());
      addLatency(row, 99, contender, result.p99());
      addLatency(row, 99.9, contender, result.p999());
    }
  }

  private void addLatency(FioRow row, double percent, String contender, double nanos) {
    String name = Report.percentileOf(row.label(), percent);
    report.add(Section.LATENCY, name, contender, nanos / 1e3);
  }
}
