package io.zublk.bench;

import io.zublk.bench.Report.Row;
import io.zublk.bench.Report.Section;
import java.util.List;
import java.util.Locale;

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

  /** How much better one contender is than another: the geometric mean of the rows' ratios. */
  double gain(Report report, String contender, String than) {
    List<Double> logarithms =
        report.sections().stream()
            .flatMap(section -> report.rows(section).stream())
            .filter(this::counts)
            .flatMap(row -> row.ratio(new Report.Pair(contender, than)).stream())
            .map(Math::log)
            .toList();
    return Math.exp(logarithms.stream().mapToDouble(Double::doubleValue).average().orElse(0));
  }

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
