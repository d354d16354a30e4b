package io.zublk.store.work;

import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.file.StoreFile;
import io.zublk.store.page.Compactor;
import io.zublk.store.page.PageAccess;
import io.zublk.store.page.Pages;

/**
 * Moves objects together, and looks at what the file system has left, as long as the use of memory
 * changes. One thread's.
 */
final class CompactionJob implements Job {

  /**
   * Between two steps, of half a millisecond at most: a tenth of one thread's time. Threads that
   * compress have so much the more to compact.
   */
  private static final long PAUSE_NANOS = 5_000_000L;

  /** Between two looks at what has not changed, in nanoseconds: hosts have many idle devices. */
  private static final long REST_NANOS = 1_000_000_000L;

  private final StoreFile file;
  private final MemoryBudget budget;
  private final Compactor compactor;
  private final long pauseNanos;
  private final Pace pace = new Pace();
  private boolean underWay;

  /** What objects did not need of the memory in use, at the last look. */
  private long slackBefore = -1;

  CompactionJob(Pages pages, MemoryBudget budget, int workers) {
    this.file = pages.file();
    this.budget = budget;
    this.compactor = pages.compactor();
    this.pauseNanos = PAUSE_NANOS / workers;
  }

  @Override
  public long doWork(PageAccess access, long now) {
    if (!pace.isDue(now)) {
      return pace.left(now);
    }
    if (!underWay && compactor.slackBytes() == slackBefore) {
      return pace.pause(now, REST_NANOS);
    }
    noteFileSystemRoom();
    underWay = compactor.step(access.mover());
    slackBefore = compactor.slackBytes();
    return pace.pause(now, pauseNanos);
  }

  /** Promises are made by what the file system has, and other files take of it. */
  private void noteFileSystemRoom() {
    budget.lookAtFileSystem(file::availableBytes);
  }
}
