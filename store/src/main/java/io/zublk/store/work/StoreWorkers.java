package io.zublk.store.work;

import io.zublk.block.IdleSet;
import io.zublk.block.Threads;
import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.page.Pages;
import io.zublk.store.staging.BatchAlarm;
import io.zublk.store.staging.StagingArea;
import io.zublk.store.table.Naps;
import io.zublk.uring.sys.LinuxException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The threads of a store. Each has a {@linkplain Job list of jobs}: all help with large reads and
 * compress what is staged, and the first also looks after memory.
 *
 * <p>A worker with nothing to do sleeps, and whoever has work wakes one that does. As long as an
 * incomplete batch waits for more pages, one of the sleepers, the ticker, sleeps no longer than
 * that batch may wait.
 */
public final class StoreWorkers implements BatchAlarm {

  public static final int MAX_WORKERS = IdleSet.MAX_WORKERS;

  /** Of a millisecond: the largest pool takes some seconds of the slowest codec. */
  private static final int MAX_NAPS = 20_000;

  private final StagingArea area;
  private final StagingWatch watch;
  private final TrimJob memory;
  private final IdleSet idle = new IdleSet();
  private final StoreWorker[] workers;
  private final HelpJob[] helpers;

  /**
   * Makes the threads; they run from {@link #start} on.
   *
   * @param count 0 to {@link #MAX_WORKERS}
   * @param cpus where they run; empty: where the calling thread may
   * @param timeoutNanos how long an incomplete batch waits for more pages
   */
  public StoreWorkers(Pages pages, MemoryBudget budget, int count, BitSet cpus, long timeoutNanos)
      throws LinuxException {
    this.area = pages.staging();
    this.watch = new StagingWatch(timeoutNanos);
    this.memory = new TrimJob(pages);
    this.workers = new StoreWorker[count];
    this.helpers = new HelpJob[count];
    for (int i = 0; i < count; i++) {
      helpers[i] = new HelpJob();
      List<Job> jobs = new ArrayList<>();
      jobs.add(helpers[i]);
      jobs.add(new StagingJob(area, watch, memory));
      if (i == 0) {
        jobs.add(memory);
        jobs.add(new CompactionJob(pages, budget, count));
      }
      workers[i] =
          new StoreWorker(idle, i, jobs.toArray(Job[]::new), pages.open(), cpus, this::wakeOne);
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

  /**
   * Has so many of the threads work from now on, the first ones; the others rest. Any thread.
   *
   * @param count 1 to how many there are
   */
  public void setActive(int count) {
    if (count < 1 || count > workers.length) {
      throw new IllegalArgumentException(
          "workers: %d is not in 1..%d, which there are".formatted(count, workers.length));
    }
    for (int i = 0; i < workers.length; i++) {
      workers[i].setResting(i >= count);
    }
  }

  /** How long incomplete batches wait from now on. Any thread. */
  public void setTimeoutNanos(long nanos) {
    watch.setTimeoutNanos(nanos);
  }

  /** For tests that run a worker's work on threads of their own. */
  StoreWorker worker(int index) {
    return workers[index];
  }

  /** Cheap if all are awake, or incomplete batches are minded already. */
  @Override
  public void ring(boolean isComplete) {
    if (isComplete || (!watch.hasTicker() && !idle.isEmpty())) {
      wakeOne();
    }
  }

  private void wakeOne() {
    int index = idle.claim();
    if (index != IdleSet.NONE) {
      workers[index].wake();
    }
  }

  /** Whether the threads may read and write this memory; false if there are none. */
  boolean canAccess(MemorySegment memory) {
    return workers.length > 0 && memory.isAccessibleBy(workers[0]);
  }

  /** Has a sleeping worker take part in a read; null if there is none. */
  HelpJob recruit(LargeRead read) {
    int index = idle.claim();
    if (index == IdleSet.NONE) {
      return null;
    }
    // A claimed worker may have woken by itself, slept again, and been claimed for another read.
    boolean hasIt = helpers[index].offer(read);
    workers[index].wake();
    return hasIt ? helpers[index] : null;
  }

  /** Waits until everything is compressed that was staged before; false if there is no memory. */
  public boolean drain() {
    watch.hurry();
    boolean drained = !area.hasPages();
    for (int naps = 0; naps < MAX_NAPS && !drained; naps++) {
      wakeOne();
      Naps.millisecond();
      drained = !area.hasPages();
    }
    watch.calmDown();
    return drained;
  }

  /** Gives memory back that nothing lies in; false if there was none. */
  public boolean trim() {
    return memory.trimAll();
  }

  /** Ends the threads after what they do now, and waits for that. */
  public void shutDown() {
    for (StoreWorker worker : workers) {
      worker.shutDown();
    }
    for (StoreWorker worker : workers) {
      Threads.join(worker);
    }
  }
}
