package io.zublk.daemon.device;

import java.util.Locale;

/** Which step took how long, for the log. One thread after the other. */
final class Stopwatch {

  private final StringBuilder steps = new StringBuilder();
  private long last;

  /** The first step begins. */
  synchronized void begin() {
    steps.setLength(0);
    last = System.nanoTime();
  }

  /** A step is done, and the next begins. Nothing, if none has begun. */
  synchronized void done(String step) {
    if (last != 0) {
      long now = System.nanoTime();
      String comma = steps.isEmpty() ? "" : ", ";
      steps.append(String.format(Locale.ROOT, "%s%s %.1f ms", comma, step, (now - last) / 1e6));
      last = now;
    }
  }

  @Override
  public synchronized String toString() {
    return steps.toString();
  }
}
