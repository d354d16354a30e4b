package io.zublk.store.work;

import io.zublk.store.page.PageAccess;

/**
 * A kind of work that a store's own threads do beside others, a piece at a time. Each thread asks
 * its jobs in turn, the urgent ones first.
 */
interface Job {

  /** There may be more to do at once. */
  long NOW = 0;

  /** There is nothing to do before somebody says so, and wakes the thread. */
  long NEVER = Long.MAX_VALUE;

  /**
   * Does a piece of the work, a millisecond's or so, if there is any now. A job that finds nothing
   * is asked again when its thread is known to be idle: whoever brings work later wakes it.
   *
   * @param access the thread's own
   * @param now {@link System#nanoTime} of a moment ago
   * @return in how many nanoseconds to ask again, at the latest: {@link #NOW} to {@link #NEVER}
   */
  long doWork(PageAccess access, long now);

  /** Leaves to other threads what this one has taken upon itself: it is to rest. */
  default void leave() {}
}
