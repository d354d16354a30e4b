package io.zublk.store.work;

import io.zublk.store.page.PageAccess;
import io.zublk.store.staging.StagingArea;

/**
 * Compresses what is staged: complete batches as they come, and incomplete ones when they have
 * waited long enough. One thread's.
 */
final class StagingJob implements Job {

  private final StagingArea area;
  private final StagingWatch watch;
  private final TrimJob memory;

  /** Where to look for the next batch: behind the last one, so that the oldest come first. */
  private int cursor;

  // As the ticker: until when incomplete batches wait.
  private boolean isTicker;
  private long timeout;

  /** The next of the batches that are looked at because the time is over, or none. */
  private int overdue = StagingArea.NONE;

  // After a batch for which there was no memory.
  private boolean isRefused;
  private long retry;

  StagingJob(StagingArea area, StagingWatch watch, TrimJob memory) {
    this.area = area;
    this.watch = watch;
    this.memory = memory;
  }

  @Override
  public long doWork(PageAccess access, long now) {
    if (isRefused && now - retry < 0) {
      return retry - now;
    }
    isRefused = false;
    int batch = next(now);
    if (batch == StagingArea.NONE) {
      return patience(now);
    }
    cursor = batch + 1; // a batch that fails again and again must not keep the others waiting
    if (!access.compressor().compressBatch(area, batch) && !memory.trim()) {
      isRefused = true;
      retry = now + StoreWorker.RETRY_NANOS;
    }
    return NOW;
  }

  @Override
  public void leave() {
    if (isTicker) {
      isTicker = false;
      watch.resignAsTicker(); // whoever is woken next takes its place, as there are pages
    }
    overdue = StagingArea.NONE;
    isRefused = false;
  }

  private int next(long now) {
    if (isTicker && now - timeout >= 0) {
      isTicker = false;
      watch.resignAsTicker(); // before looking: who adds a page from now on finds no ticker
      overdue = 0;
    }
    if (overdue != StagingArea.NONE) {
      int batch = area.takeAny(overdue);
      overdue = batch == StagingArea.NONE ? StagingArea.NONE : batch + 1;
      return batch;
    }
    return watch.isHurrying() ? area.takeAny(0) : area.takeFull(cursor);
  }

  /** How long the batches that there are can wait. */
  private long patience(long now) {
    if (!isTicker && area.hasPages() && watch.becomeTicker()) {
      isTicker = true;
      timeout = now + watch.timeoutNanos();
    }
    return isTicker ? timeout - now : NEVER;
  }
}
