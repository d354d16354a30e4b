package io.zublk.store.work;

/**
 * When a job is to be done again that has nobody to wake it. Pauses end at multiples of their
 * length, so that jobs of one thread wake it together. One thread's.
 */
final class Pace {

  private long due = System.nanoTime();

  boolean isDue(long now) {
    return now - due >= 0;
  }

  /** How long it is until then, in nanoseconds. */
  long left(long now) {
    return due - now;
  }

  /** Pauses at most so many nanoseconds; returns how long it is. */
  long pause(long now, long nanos) {
    due = now - Math.floorMod(now, nanos) + nanos;
    return left(now);
  }
}
