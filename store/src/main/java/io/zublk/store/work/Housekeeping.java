package io.zublk.store.work;

import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.arena.SlabArena;
import io.zublk.store.file.StoreFile;
import io.zublk.store.page.Compactor;
import io.zublk.store.page.PageMover;
import io.zublk.store.page.Pages;
import io.zublk.store.staging.StagingArea;

/** How memory that nobody needs goes back to the kernel, a little at a time. Any thread. */
public final class Housekeeping {

  private final StoreFile file;
  private final MemoryBudget budget;
  private final SlabArena arena;
  private final StagingArea staging;
  private final Compactor compactor;

  public Housekeeping(Pages pages, MemoryBudget budget) {
    this.file = pages.file();
    this.budget = budget;
    this.arena = pages.arena();
    this.staging = pages.staging();
    this.compactor = pages.compactor();
    noteFileSystemRoom();
  }

  /** Promises are made by what the file system has, and other files take of it. */
  private void noteFileSystemRoom() {
    budget.setFileSystemRoom(file.availableBytes());
  }

  /** Gives memory back that nothing lies in; false if there was none. */
  public boolean trim() {
    boolean staged = staging.trim();
    return arena.tidy() || staged;
  }

  /** A step of compaction, if it is worthwhile; false if there is no more to do. */
  boolean compactStep(PageMover mover) {
    noteFileSystemRoom();
    return compactor.step(mover);
  }

  /** What changes with all that may need a {@link #compactStep}, in bytes. */
  long slackBytes() {
    return compactor.slackBytes();
  }
}
