package io.zublk.block;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Keeps one fault that happens again and again from filling a log: the first of a kind passes, and
 * then one in a minute, with the number of those that did not.
 *
 * <p>Safe for use by several threads.
 */
final class RepeatLimit {

  /** {@link #admit}: this one is only counted. */
  static final long NOT_NOW = -1;

  /** How often one of a kind passes. */
  static final Duration INTERVAL = Duration.ofMinutes(1);

  /** There are some ten places that log; more kinds than this, and all are new again. */
  static final int MAX_KINDS = 256;

  private static final class Kind {
    private long lastNanos;
    private long unsaid;
  }

  private final Map<String, Kind> kinds = new HashMap<>();

  /**
   * Asks for one of a kind.
   *
   * @param name what makes this the same as earlier ones
   * @param now {@link System#nanoTime()}
   * @return how many of this kind were held back since one passed, or {@link #NOT_NOW}
   */
  synchronized long admit(String name, long now) {
    Kind kind = kinds.get(name);
    if (kind == null) {
      if (kinds.size() == MAX_KINDS) {
        kinds.clear();
      }
      kind = new Kind();
      kinds.put(name, kind);
    } else if (now - kind.lastNanos < INTERVAL.toNanos()) {
      kind.unsaid++;
      return NOT_NOW;
    }
    long unsaid = kind.unsaid;
    kind.lastNanos = now;
    kind.unsaid = 0;
    return unsaid;
  }
}
