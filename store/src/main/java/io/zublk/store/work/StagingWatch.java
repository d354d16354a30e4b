package io.zublk.store.work;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Who sees to it that incomplete batches do not wait too long: one of the threads that have nothing
 * else to do, the ticker. Any thread.
 */
final class StagingWatch {

  private volatile long timeoutNanos;
  private final AtomicBoolean ticking = new AtomicBoolean();
  private final AtomicInteger hurrying = new AtomicInteger();

  /** {@code timeoutNanos}: how long an incomplete batch waits for more pages. */
  StagingWatch(long timeoutNanos) {
    this.timeoutNanos = timeoutNanos;
  }

  /** From the next incomplete batch on. */
  void setTimeoutNanos(long nanos) {
    timeoutNanos = nanos;
  }

  long timeoutNanos() {
    return timeoutNanos;
  }

  boolean hasTicker() {
    return ticking.get();
  }

  /** Makes the caller the ticker; false if there is one. */
  boolean becomeTicker() {
    return ticking.compareAndSet(false, true);
  }

  void resignAsTicker() {
    ticking.set(false);
  }

  /** From now on incomplete batches are as good as complete ones, until all have calmed down. */
  void hurry() {
    int _ = hurrying.incrementAndGet();
  }

  void calmDown() {
    int _ = hurrying.decrementAndGet();
  }

  boolean isHurrying() {
    return hurrying.get() > 0;
  }
}
