package io.zublk.store.work;

import io.zublk.store.page.PageAccess;
import io.zublk.store.page.Pages;
import io.zublk.store.staging.StagingArea;
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

  /**
   * Batches between steps of compaction by workers that never rest: a few percent of their time.
   */
  private static final int BATCHES_PER_STEP = 32;

  /** Between steps of compaction, of half a millisecond at most, by one that has time. */
  private static final long PAUSE_NANOS = 5_000_000L;

  /** Until memory is tried again that was not to be had, in nanoseconds. */
  private static final long RETRY_NANOS = 10_000_000L;

  private final StoreWorkers pool;
  private final int index;
  private final StagingArea area;
  private final Housekeeping housekeeping;
  private final PageAccess access;
  private final BitSet cpus;
  private final long timeoutNanos;
  private final AtomicReference<LargeRead> read = new AtomicReference<>();
  private volatile boolean stopping;

  /** Where to look for the next batch: behind the last one, so that the oldest come first. */
  private int cursor;

  private int batches;

  /** Whether compaction is under way, as far as this thread knows. */
  private boolean isCompacting;

  /** What objects did not need of the memory in use, at the last look. */
  private long slackAtRest = -1;

  StoreWorker(
      StoreWorkers pool,
      int index,
      Pages pages,
      Housekeeping housekeeping,
      BitSet cpus,
      long timeoutNanos)
      throws LinuxException {
    super(null, null, "store-worker-" + index, 0, false);
    this.pool = pool;
    this.index = index;
    this.area = pages.staging();
    this.housekeeping = housekeeping;
    this.access = pages.open();
    this.cpus = cpus;
    this.timeoutNanos = timeoutNanos;
    setDaemon(true);
  }

  void wake() {
    LockSupport.unpark(this);
  }

  /** Gives the worker a part in a large read when it is woken; false if it has one in another. */
  boolean offer(LargeRead with) {
    return read.compareAndSet(null, with);
  }

  /** Takes back what {@link #offer} gave; false if the worker has begun. */
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
        workOrRest();
      }
    } finally {
      access.close();
    }
  }

  /** Others rely on this thread, so nothing ends it. */
  private void workOrRest() {
    try {
      if (!work()) {
        rest();
      }
    } catch (Throwable t) {
      pool.report(t);
      LockSupport.parkNanos(this, RETRY_NANOS);
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
    cursor = batch + 1; // a batch that fails again and again must not keep the others waiting
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
    boolean _ = Thread.interrupted(); // would make every further sleep end at once
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
      LockSupport.parkNanos(this, isCompacting ? PAUSE_NANOS : HOUSEKEEPING_NANOS);
    } else {
      LockSupport.park(this);
    }
    boolean _ = Thread.interrupted(); // would make every further sleep end at once
    boolean woken = !pool.clearIdle(index);
    if (!woken && !area.hasPages()) {
      keepHouse();
    }
  }

  private void keepHouse() {
    boolean trimmed = !isCompacting && housekeeping.trim();
    if (!isCompacting && !trimmed && housekeeping.slackBytes() == slackAtRest) {
      return; // as it was a second ago: hosts have many idle devices
    }
    isCompacting = housekeeping.compactStep(access.mover());
    slackAtRest = housekeeping.slackBytes();
  }

  /** One of the workers looks after memory that nobody uses any more. */
  private boolean isHousekeeper() {
    return index == 0;
  }

  /** Compresses the pages of a batch that this thread has taken. */
  private void compress(int batch) {
    boolean complete = access.compressor().compressBatch(area, batch);
    batches++;
    if (batches % BATCHES_PER_TRIM == 0) {
      boolean _ = housekeeping.trim();
    }
    if (batches % BATCHES_PER_STEP == 0) {
      isCompacting = housekeeping.compactStep(access.mover());
    }
    if (!complete && !housekeeping.trim()) {
      LockSupport.parkNanos(this, RETRY_NANOS);
    }
  }
}
