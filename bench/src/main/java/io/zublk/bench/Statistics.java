package io.zublk.bench;

import java.util.Arrays;
import java.util.List;

/** The few statistics that tables show. */
final class Statistics {

  private Statistics() {}

  /** The middle value, or the mean of the two in the middle. */
  static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /**
   * The smallest value that at least {@code percent} of them do not exceed (nearest rank).
   *
   * @param percent above 0, at most 100
   */
  static long percentile(long[] values, double percent) {
    long[] sorted = values.clone();
    Arrays.sort(sorted);
    // 99.9 is no binary fraction: without the slack, the 999th of 1000 would be the 1000th.
    int rank = (int) Math.ceil(percent * sorted.length / 100 - 1e-6);
    return sorted[Math.clamp(rank, 1, sorted.length) - 1];
  }
}
