package io.zublk.bench;

import java.util.List;
import java.util.Locale;

/**
 * By what factor something is better, as several rounds tell, and how sure that is.
 *
 * @param factor the geometric mean of the rounds; above 1 is better
 * @param low the lower end of the interval that has the true factor in it in 99 of 100 cases
 * @param high its upper end
 */
record Gain(double factor, double low, double high) {

  /** Less is not worth an option that somebody has to remember. */
  static final double LEAST = 1.05;

  /**
   * Student's t for a two-sided interval of 99 %, by degrees of freedom from 1 on. The level is
   * that high because tuning asks some twenty times.
   */
  private static final double[] T = {
    63.66, 9.925, 5.841, 4.604, 4.032, 3.707, 3.499, 3.355, 3.250, 3.169
  };

  /** Of each round's factor against the default in the same round. One round is sure of nothing. */
  static Gain of(List<Double> factors) {
    int n = factors.size();
    double mean = factors.stream().mapToDouble(Math::log).average().orElse(0);
    double error = Double.POSITIVE_INFINITY;
    if (n > 1) {
      double squares =
          factors.stream().mapToDouble(factor -> Math.pow(Math.log(factor) - mean, 2)).sum();
      error = T[Math.min(n - 1, T.length) - 1] * Math.sqrt(squares / (n - 1) / n);
    }
    return new Gain(Math.exp(mean), Math.exp(mean - error), Math.exp(mean + error));
  }

  /** Whether it is better, beyond doubt, and by enough to matter. */
  boolean isWorthIt() {
    return low > 1 && factor > LEAST;
  }

  private String verdict() {
    if (low > 1) {
      return isWorthIt() ? "better" : "better, but by too little";
    }
    return high < 1 ? "worse" : "within noise";
  }

  @Override
  public String toString() {
    return high == Double.POSITIVE_INFINITY
        ? String.format(Locale.ROOT, "%.2f (within noise: one round tells nothing)", factor)
        : String.format(Locale.ROOT, "%.2f (%s, %.2f to %.2f)", factor, verdict(), low, high);
  }
}
