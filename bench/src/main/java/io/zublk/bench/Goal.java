package io.zublk.bench;

import io.zublk.bench.Report.Pair;
import io.zublk.bench.Report.Row;
import io.zublk.bench.Report.Section;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** What a device is tuned for, and which measured rows tell. */
public enum Goal {
  /** All rows of megabytes and requests a second. */
  THROUGHPUT {
    @Override
    boolean counts(Row row) {
      return row.section() == Section.THROUGHPUT || row.section() == Section.REQUESTS;
    }
  },
  /** Medians and 99th percentiles; short runs say little about rarer ones. */
  LATENCY {
    @Override
    boolean counts(Row row) {
      return row.section() == Section.LATENCY && !row.name().endsWith("p99.9");
    }
  },
  /** The data against all memory that the device takes for it. */
  MEMORY {
    @Override
    boolean counts(Row row) {
      return row.section() == Section.MEMORY && row.name().equals(DeviceFigures.USED);
    }
  };

  abstract boolean counts(Row row);

  /** How much better ours is than the rival: the geometric mean of the rows' ratios. */
  double gain(Report report, Pair pair) {
    return gain(report, row -> row.ratio(pair));
  }

  /** The same of one round. */
  double gain(Report report, Pair pair, int round) {
    return gain(report, row -> row.ratio(pair, round));
  }

  private double gain(Report report, Function<Row, Optional<Double>> ratio) {
    return Math.exp(
        report.sections().stream()
            .flatMap(section -> report.rows(section).stream())
            .filter(this::counts)
            .flatMap(row -> ratio.apply(row).stream())
            .mapToDouble(Math::log)
            .average()
            .orElse(0));
  }

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
