package io.zublk.nbd;

import java.time.Duration;

/**
 * Something that may happen over and over, and must not push everything else out of the log: one
 * line a minute, with how often it happened since the line before. For one thread.
 */
final class SeldomLog {

  private static final Duration INTERVAL = Duration.ofMinutes(1);

  private final String what;
  private long untold;
  private boolean told;
  private long toldAt;

  SeldomLog(String what) {
    this.what = what;
  }

  /** It happened once more. */
  void warning(String why) {
    if (isDue()) {
      Log.warning(line(why));
    }
  }

  /** It happened once more, by a fault in this program. */
  void fault(Throwable fault) {
    if (isDue()) {
      Log.fault(line("a fault in the server"), fault);
    }
  }

  private boolean isDue() {
    untold++;
    long now = System.nanoTime();
    if (told && now - toldAt < INTERVAL.toNanos()) {
      return false;
    }
    told = true;
    toldAt = now;
    return true;
  }

  private String line(String why) {
    String line = untold == 1 ? what + ": " + why : what + " (" + untold + " times): " + why;
    untold = 0;
    return line;
  }
}
