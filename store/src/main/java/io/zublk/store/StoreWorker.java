package io.zublk.store;

import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Tasks;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/** One thread of the {@link StoreWorkers}. */
final class StoreWorker extends Thread {

  /** How long free memory is kept for the next burst, in nanoseconds. */
  private static final long HOUSEKEEPING_NANOS = 1_000_000_000L;

  /** Batches between looks at free memory by workers that never rest: a second or so. */
  private static final int BATCHES_PER_TRIM = 2048;

  /** Until memory is tried again that was not to be had, in nanoseconds. */
  private static final long RETRY_NANOS = 10_000_000L;

  private final StoreWorkers pool;
  private final int index;
  private final StagingArea area;
  private final PageStore store;
  private final PageAccess access;
  private final BitSet cpus;
  private final long timeoutNanos;
  private final AtomicReference<LargeRead> read = new AtomicReference<>();
  private volatile boolean stopping;

  /** Where to look for the next batch: behind the last one, so that the oldest come first. */
  private int cursor;

  private int batches;

  StoreWorker(StoreWorkers pool, int index, StagingArea area, PageStore store, StoreTuning tuning)
      throws LinuxException {
    super(null, null, "store-worker-" + index, 0, false);
    this.pool = pool;
    this.index = index;
    this.area = area;
    this.store = store;
    this.access = store.openAccess(null);
    this.cpus = tuning.workerCpus();
    this.timeoutNanos = tuning.batchTimeoutMicros() * 1000L;
    setDaemon(true);
  }

  void wake() {
    LockSupport.unpark(this);
  }

  /** Gives the worker, which the caller has claimed, a part in a large read. */
  void help(LargeRead with) {
    read.set(with);
    wake();
  }

  /** Takes that back; false if the worker has begun. */
  boolean dismiss(LargeRead from) {
    return read.compareAndSet(from, null);
  }

  void shutDown() {
    stopping = true;
    wake();
  }

  @Override
  public void run() {
    confine();
    try {
      while (!stopping) {
        if (!work()) {
          rest();
        }
      }
    } finally {
      store.close(access);
    }
  }

  private void confine() {
    if (cpus.isEmpty()) {
      return;
    }
    try {
      Tasks.setAffinity(cpus);
    } catch (LinuxException _) {
      // The CPUs were checked; if they went offline since, any other serves as well.
    }
  }

  private boolean work() {
    LargeRead helped = read.getAndSet(null);
    if (helped != null) {
      helped.help(access);
      return true;
    }
    int batch = pool.isHurrying() ? area.takeAny(0) : area.takeFull(cursor);
    if (batch == StagingArea.NONE) {
      return false;
    }
    cursor = batch;
    compress(batch);
    return true;
  }

  private void rest() {
    pool.setIdle(index);
    // What came before it was known that we sleep woke nobody.
    if (area.hasPages() && pool.becomeTicker()) {
      tick();
    } else {
      sleep();
    }
  }

  private void tick() {
    LockSupport.parkNanos(this, timeoutNanos);
    pool.resignAsTicker();
    if (pool.clearIdle(index)) {
      for (int batch = area.takeAny(0);
          batch != StagingArea.NONE;
          batch = area.takeAny(batch + 1)) {
        compress(batch);
      }
    }
  }

  private void sleep() {
    if (stopping) {
      return;
    }
    if (isHousekeeper()) {
      LockSupport.parkNanos(this, HOUSEKEEPING_NANOS);
    } else {
      LockSupport.park(this);
    }
    boolean woken = !pool.clearIdle(index);
    if (!woken && !area.hasPages()) {
      boolean _ = store.trim();
    }
  }

  /** One of the workers looks after memory that nobody uses any more. */
  private boolean isHousekeeper() {
    return index == 0;
  }

  /** Compresses the pages of a batch that this thread has taken. */
  private void compress(int batch) {
    int end = area.end(batch);
    boolean complete = true;
    int first = area.first(batch);
    for (int i = first; i < end; i++) {
      complete &= access.compressStaged(area.page(batch, i), area.location(batch, i));
    }
    access.counters().add(Counter.BATCHES, 1);
    if (++batches % BATCHES_PER_TRIM == 0) {
      boolean _ = store.trim();
    }
    area.release(batch, complete ? end : first);
    if (!complete && !store.trim()) {
      LockSupport.parkNanos(this, RETRY_NANOS);
    }
  }
}
