package io.zublk.store;

import io.zublk.block.Threads;
import io.zublk.uring.sys.LinuxException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The threads of a store: they compress what is staged, and help with large reads while they have
 * nothing else to do.
 *
 * <p>A worker with nothing to do sleeps, and whoever has work wakes one that does. As long as an
 * incomplete batch waits for more pages, one of the sleepers, the ticker, sleeps no longer than
 * that batch may wait.
 */
final class StoreWorkers {

  /** One bit of a long each. */
  static final int MAX_WORKERS = Long.SIZE;

  /** Of a millisecond: the largest pool takes some seconds of the slowest codec. */
  private static final int MAX_NAPS = 20_000;

  private final StagingArea area;
  private final StoreWorker[] workers;
  private final AtomicLong idle = new AtomicLong();
  private final AtomicBoolean ticking = new AtomicBoolean();
  private volatile boolean hurrying;

  /** Makes the threads; they run from {@link #start} on. */
  StoreWorkers(PageStore store, StagingArea area, StoreTuning tuning) throws LinuxException {
    this.area = area;
    this.workers = new StoreWorker[tuning.workers()];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new StoreWorker(this, i, area, store, tuning);
    }
  }

  void start() {
    for (StoreWorker worker : workers) {
      worker.start();
    }
  }

  /** Wakes a worker for a complete batch, unless all are awake. */
  void wakeForBatch() {
    StoreWorker worker = claim();
    if (worker != null) {
      worker.wake();
    }
  }

  /** Sees to it that an incomplete batch is looked at in time. Cheap if that is so already. */
  void wakeForTimeout() {
    if (!ticking.get() && idle.get() != 0) {
      wakeForBatch();
    }
  }

  /** Takes a sleeping worker, which the caller must wake; null if all are awake. */
  StoreWorker claim() {
    long mask = idle.get();
    while (mask != 0) {
      long lowest = Long.lowestOneBit(mask);
      if (idle.compareAndSet(mask, mask & ~lowest)) {
        return workers[Long.numberOfTrailingZeros(lowest)];
      }
      mask = idle.get();
    }
    return null;
  }

  /** Says that a worker is about to sleep; what comes now wakes it. */
  void setIdle(int index) {
    idle.getAndAdd(1L << index); // its bit is clear; a lambda that sets it would be allocated
  }

  /** Says that a worker is awake. False if somebody woke it. */
  boolean clearIdle(int index) {
    long bit = 1L << index;
    long mask = idle.get();
    while ((mask & bit) != 0) {
      if (idle.compareAndSet(mask, mask & ~bit)) {
        return true;
      }
      mask = idle.get();
    }
    return false;
  }

  /** Makes the caller the one that minds the batches' timeout; false if there is one. */
  boolean becomeTicker() {
    return ticking.compareAndSet(false, true);
  }

  void resignAsTicker() {
    ticking.set(false);
  }

  /** Waits until everything is compressed that was staged before; false if there is no memory. */
  boolean settle() {
    hurrying = true;
    boolean settled = !area.hasPages();
    for (int naps = 0; naps < MAX_NAPS && !settled; naps++) {
      wakeForBatch();
      Naps.millisecond();
      settled = !area.hasPages();
    }
    hurrying = false;
    return settled;
  }

  /** Whether incomplete batches are to be compressed as well as complete ones. */
  boolean isHurrying() {
    return hurrying;
  }

  /** Ends the threads after their present batch, and waits for that. */
  void shutDown() {
    for (StoreWorker worker : workers) {
      worker.shutDown();
    }
    for (StoreWorker worker : workers) {
      Threads.join(worker);
    }
  }
}
