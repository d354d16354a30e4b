package io.zublk.store.work;

import io.zublk.store.arena.SlabArena;
import io.zublk.store.page.PageAccess;
import io.zublk.store.page.Pages;
import io.zublk.store.staging.StagingArea;

/** Gives memory back that nothing lies in, now and then. One thread's, but for {@link #trim}. */
final class TrimJob implements Job {

  /** How long free memory is kept for the next burst, at most, in nanoseconds. */
  private static final long PAUSE_NANOS = 1_000_000_000L;

  private final SlabArena arena;
  private final StagingArea staging;
  private final Pace pace = new Pace();

  TrimJob(Pages pages) {
    this.arena = pages.arena();
    this.staging = pages.staging();
  }

  @Override
  public long doWork(PageAccess access, long now) {
    if (!pace.isDue(now)) {
      return pace.left(now);
    }
    boolean _ = trim();
    return pace.pause(now, PAUSE_NANOS);
  }

  /** Does it now; false if there was none. Any thread. */
  boolean trim() {
    boolean staged = staging.trim();
    return arena.tidy() || staged;
  }
}
