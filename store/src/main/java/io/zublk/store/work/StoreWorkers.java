package io.zublk.store.work;

import io.zublk.block.Threads;
import io.zublk.store.page.Pages;
import io.zublk.store.staging.BatchAlarm;
import io.zublk.store.staging.StagingArea;
import io.zublk.store.table.Naps;
import io.zublk.uring.sys.LinuxException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads of a store: they compress what is staged, and help with large reads while they have
 * nothing else to do.
 *
 * <p>A worker with nothing to do sleeps, and whoever has work wakes one that does. As long as an
 * incomplete batch waits for more pages, one of the sleepers, the ticker, sleeps no longer than
 * that batch may wait.
 */
public final class StoreWorkers implements BatchAlarm {

  private static final VarHandle IDLE = idleHandle();

  /** One bit of a long each. */
  public static final int MAX_WORKERS = Long.SIZE;

  /** Of a millisecond: the largest pool takes some seconds of the slowest codec. */
  private static final int MAX_NAPS = 20_000;

  private final StagingArea area;
  private final StoreWorker[] workers;
  private final AtomicBoolean ticking = new AtomicBoolean();
  private final AtomicInteger hurrying = new AtomicInteger();
  private final AtomicBoolean faulty = new AtomicBoolean();

  /** A bit for every worker that sleeps, or is about to. */
  private volatile long idle;

  /**
   * Makes the threads; they run from {@link #start} on.
   *
   * @param count 0 to {@link #MAX_WORKERS}
   * @param cpus where they run; empty: where the calling thread may
   * @param timeoutNanos how long an incomplete batch waits for more pages
   */
  public StoreWorkers(
      Pages pages, Housekeeping housekeeping, int count, BitSet cpus, long timeoutNanos)
      throws LinuxException {
    this.area = pages.staging();
    this.workers = new StoreWorker[count];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new StoreWorker(this, i, pages, housekeeping, cpus, timeoutNanos);
    }
  }

  private static VarHandle idleHandle() {
    try {
      return MethodHandles.lookup().findVarHandle(StoreWorkers.class, "idle", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Starts all of the threads, or, if one cannot be, none. */
  public void start() {
    try {
      for (StoreWorker worker : workers) {
        worker.start();
      }
    } catch (Throwable t) {
      shutDown(); // before its caller unmaps what they work on
      throw t;
    }
  }

  /** Cheap if all are awake, or an incomplete batch is minded already. */
  @Override
  public void ring(boolean isComplete) {
    if (isComplete || (!ticking.get() && idle != 0)) {
      wakeOne();
    }
  }

  private void wakeOne() {
    StoreWorker worker = claim();
    if (worker != null) {
      worker.wake();
    }
  }

  /** Whether the threads may read and write this memory; false if there are none. */
  boolean canAccess(MemorySegment memory) {
    return workers.length > 0 && memory.isAccessibleBy(workers[0]);
  }

  /** Has a sleeping worker take part in a read, and returns it; null if there is none. */
  StoreWorker recruit(LargeRead read) {
    StoreWorker worker = claim();
    if (worker == null) {
      return null;
    }
    // A claimed worker may have woken by itself, slept again, and been claimed for another read.
    boolean hasIt = worker.offer(read);
    worker.wake();
    return hasIt ? worker : null;
  }

  /**
   * Takes a worker that slept a moment ago, which the caller must wake. Null if all are awake. It
   * is a hint, not an owner's right: the worker may wake, sleep and be claimed again meanwhile.
   */
  private StoreWorker claim() {
    long mask = idle;
    while (mask != 0) {
      long lowest = Long.lowestOneBit(mask);
      if (takeIdle(lowest)) {
        return workers[Long.numberOfTrailingZeros(lowest)];
      }
      mask = idle;
    }
    return null;
  }

  /** Says that a worker is about to sleep; what comes now wakes it. */
  void setIdle(int index) {
    long _ = (long) IDLE.getAndBitwiseOr(this, 1L << index);
  }

  /** Says that a worker is awake. False if somebody woke it. */
  boolean clearIdle(int index) {
    return takeIdle(1L << index);
  }

  private boolean takeIdle(long bit) {
    return ((long) IDLE.getAndBitwiseAnd(this, ~bit) & bit) != 0;
  }

  /** Makes the caller the one that minds the batches' timeout; false if there is one. */
  boolean becomeTicker() {
    return ticking.compareAndSet(false, true);
  }

  void resignAsTicker() {
    ticking.set(false);
  }

  /** Waits until everything is compressed that was staged before; false if there is no memory. */
  public boolean settle() {
    int _ = hurrying.incrementAndGet();
    boolean settled = !area.hasPages();
    for (int naps = 0; naps < MAX_NAPS && !settled; naps++) {
      wakeOne();
      Naps.millisecond();
      settled = !area.hasPages();
    }
    int _ = hurrying.decrementAndGet();
    return settled;
  }

  /** Whether incomplete batches are to be compressed as well as complete ones. */
  boolean isHurrying() {
    return hurrying.get() > 0;
  }

  /** Logs a fault of a worker, which goes on; only the first, lest a lasting one fill the log. */
  void report(Throwable fault) {
    if (!faulty.compareAndSet(false, true)) {
      return;
    }
    try {
      System.getLogger("io.zublk.store")
          .log(
              System.Logger.Level.ERROR,
              "a store worker failed unexpectedly and goes on; further failures are not logged",
              fault);
    } catch (Throwable _) {
      // Out of descriptors, say. That the worker lives matters more.
    }
  }

  /** Ends the threads after their present batch, and waits for that. */
  public void shutDown() {
    for (StoreWorker worker : workers) {
      worker.shutDown();
    }
    for (StoreWorker worker : workers) {
      Threads.join(worker);
    }
  }
}
