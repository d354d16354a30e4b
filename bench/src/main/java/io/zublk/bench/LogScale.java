package io.zublk.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * Where a value is on a logarithmic axis.
 *
 * @param least at its left end, above 0
 * @param most at its right end, above {@code least}
 */
record LogScale(double least, double most) {

  /** Axes that are shorter have ticks at 2 and 5 as well. */
  private static final double MANY = 50;

  /** The distance from the left end; values beyond an end are at it. */
  double percent(double value) {
    double inside = Math.clamp(value, least, most);
    return 100 * Math.log(inside / least) / Math.log(most / least);
  }

  /** The round values on the axis. */
  List<Double> ticks() {
    List<Double> ticks = new ArrayList<>();
    double[] steps = most / least > MANY ? new double[] {1} : new double[] {1, 2, 5};
    for (int power = (int) Math.floor(Math.log10(least)); power <= Math.log10(most); power++) {
      for (double step : steps) {
        double tick = step * Math.pow(10, power);
        if (tick >= least && tick <= most) {
          ticks.add(tick);
        }
      }
    }
    return ticks;
  }
}
