package io.zublk.daemon.device;

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
      long tenths = (now - last + 50_000) / 100_000;
      // Not by String.format, for users wait: its first number takes 20 ms, for classes of locales.
      steps.append(steps.isEmpty() ? "" : ", ").append(step).append(' ');
      steps.append(tenths / 10).append('.').append(tenths % 10).append(" ms");
      last = now;
    }
  }

  @Override
  public synchronized String toString() {
    return steps.toString();
  }
}
