package io.zublk.e2e;

import java.util.ArrayList;
import java.util.List;

/** How long a device's user has waited, each time that something was done to the device. */
final class Pauses {

  private final String what;
  private final List<Double> millis = new ArrayList<>();

  Pauses(String what) {
    this.what = what;
  }

  void add(double pauseMillis) {
    millis.add(pauseMillis);
  }

  /** For documents: a test is no judge of times. */
  void print() {
    millis.sort(null);
    System.out.printf(
        "pauses, %s, of %d, ms: p50 %.1f, p90 %.1f, p99 %.1f, max %.1f%n",
        what, millis.size(), percentile(50), percentile(90), percentile(99), millis.getLast());
  }

  private double percentile(int hundredths) {
    return millis.get(millis.size() * hundredths / 100);
  }
}
