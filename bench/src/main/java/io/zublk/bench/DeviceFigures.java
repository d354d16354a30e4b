package io.zublk.bench;

import io.zublk.bench.Report.Section;
import java.io.IOException;

/** Puts what was measured on a device, or of its memory, into the rows of a report. */
final class DeviceFigures {

  /** The row of the data against all memory that is taken for it. */
  static final String USED = "orig / used";

  private final Report report;

  DeviceFigures(Report report) {
    this.report = report;
  }

  /** Adds what a device or a store takes for what it holds. */
  void addMemory(Target target, String contender) throws IOException {
    target
        .memory()
        .ifPresent(use -> {
          double orig = use.orig();
          if (use.compr() > 0) { // zeros alone compress to nothing
            report.add(Section.MEMORY, "orig / compr", contender, orig / use.compr());
          }
          report.add(Section.MEMORY, USED, contender, orig / use.used());
        });
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
