package io.zublk.store.work;

import io.zublk.store.arena.SlabArena;
import io.zublk.store.page.PageAccess;
import io.zublk.store.page.Pages;
import io.zublk.store.staging.StagingArea;
import io.zublk.store.table.Naps;

/** Gives memory back that nothing lies in, now and then. One thread's, but for what says so. */
final class TrimJob implements Job {

  /** How long free memory is kept for the next burst, at most, in nanoseconds. */
  private static final long PAUSE_NANOS = 1_000_000_000L;

  /** Naps of a millisecond for other threads, which give back what they have taken for that. */
  private static final int MAX_NAPS = 100;

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

  /** Also waits for what other threads are giving back now; false if there was none. Any thread. */
  boolean trimAll() {
    boolean trimmed = trim();
    for (int naps = 0; naps < MAX_NAPS && (arena.isTidying() || staging.isBusy()); naps++) {
      Naps.millisecond();
      trimmed = true;
    }
    return trimmed;
  }
}
