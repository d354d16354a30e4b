package io.zublk.store.page;

import io.zublk.store.file.StoreLayout;
import io.zublk.store.table.Naps;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One more slot behind the staging area, which always has memory: where a page waits while its new
 * contents go into the slot of the old. Any thread, one at a time.
 */
final class SparePage {

  /** From the staging area's start, as a staged page's entry counts. */
  static final long LOCATION = StoreLayout.STAGING_BYTES;

  /** Naps of a millisecond for those before us; each has the page for some microseconds. */
  private static final int MAX_NAPS = 1000;

  private final AtomicBoolean taken = new AtomicBoolean();

  /** False if it cannot be had: a damaged entry may hold on to it for ever. */
  boolean take() {
    for (int naps = 0; naps < MAX_NAPS; naps++) {
      if (taken.compareAndSet(false, true)) {
        return true;
      }
      Naps.millisecond();
    }
    return false;
  }

  void giveBack() {
    taken.set(false);
  }
}
