package io.zublk.store.page;

import static io.zublk.store.arena.SizeClasses.CHUNK_BYTES;

import io.zublk.store.arena.SlabArena;
import io.zublk.store.file.StoreFile;
import io.zublk.store.table.Naps;
import io.zublk.store.table.PageEntry;
import io.zublk.store.table.PageTable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Moves objects out of sparse chunks, so that their memory comes back.
 *
 * <p>Objects do not name their pages. So a cycle first chooses all chunks that can be emptied, and
 * then looks once through the page table for entries that point into them: 5 to 8 ns a page, and no
 * byte of any object (see docs/decisions/0008). Work is done in steps of bounded length by whoever
 * calls; one thread at a time.
 */
public final class Compactor {

  /** Entries that a step looks at: 128 KiB of the page table, some 100 microseconds. */
  private static final int STEP_PAGES = 16 << 10;

  /** Objects that a step moves: a microsecond or two each. */
  private static final int STEP_MOVES = 256;

  /** Unused arena memory that is worth a cycle: one part in so many of what the arena takes. */
  private static final int SLACK_PARTS = 12;

  /** Less is not worth it: a chunk of every class may be half full, compacted or not. */
  private static final long LEAST_SLACK_BYTES = 512 << 10;

  /**
   * A write at the limit waits for a cycle only if about so much more is unused than the last one
   * left: a chunk for every 65536 pages, which are looked at in half a millisecond.
   */
  private static final int PAGES_PER_CHUNK = 1 << 16;

  /** And never for more than that part of what the arena takes: the rest would be of no use. */
  private static final int GROWTH_PARTS = 128;

  /** Of a slack that a cycle has been unable to win: nothing yet. */
  private static final long NONE = Long.MIN_VALUE / 2;

  /** Naps of a millisecond for another thread's cycle: some seconds, the largest table included. */
  private static final int MAX_NAPS = 10_000;

  private final StoreFile file;
  private final PageTable table;
  private final SlabArena arena;
  private final ArenaUse use;
  private final AtomicBoolean taken = new AtomicBoolean();
  private final AtomicLong cycles = new AtomicLong();
  private final AtomicLong chunksFreed = new AtomicLong();

  // Of whoever has taken it.
  private boolean underWay;
  private long cursor;
  private long fruitlessSlack = NONE;

  Compactor(StoreFile file, PageTable table, SlabArena arena, ArenaUse use) {
    this.file = file;
    this.table = table;
    this.arena = arena;
    this.use = use;
  }

  /** What of the arena's memory no object needs, in bytes. */
  public long slackBytes() {
    return use.slackBytes();
  }

  /** Chunks that gave their memory back, since the store was opened or this was forgotten. */
  public long chunksFreed() {
    return chunksFreed.get();
  }

  /** Counts the chunks that give their memory back anew. */
  public void forgetFreed() {
    chunksFreed.set(0);
  }

  /**
   * Does a step if there is enough to be won.
   *
   * @return whether there is more to do
   */
  public boolean step(PageMover mover) {
    if (!taken.compareAndSet(false, true)) {
      return false;
    }
    try {
      if (!underWay && !isWorthwhile()) {
        return false;
      }
      advance(mover, STEP_PAGES, STEP_MOVES);
      return underWay;
    } finally {
      taken.set(false);
    }
  }

  private boolean isWorthwhile() {
    long slack = use.slackBytes();
    return expect(
        slack,
        slack > LEAST_SLACK_BYTES
            && slack > use.memoryBytes() / SLACK_PARTS
            && slack > fruitlessSlack + fruitlessSlack / SLACK_PARTS);
  }

  /** Whether a whole cycle may win something that the last one could not. */
  private boolean mayWin(boolean anyway) {
    long growth =
        Math.min(
            file.extent().pages / PAGES_PER_CHUNK * CHUNK_BYTES, use.memoryBytes() / GROWTH_PARTS);
    long slack = use.slackBytes();
    return expect(slack, anyway || slack - Math.min(slack, fruitlessSlack) >= growth);
  }

  /** What a cycle could not win, the next one cannot either, unless there is more of it. */
  private boolean expect(long slack, boolean begins) {
    fruitlessSlack = begins ? slack : Math.min(fruitlessSlack, slack);
    return begins;
  }

  /**
   * Waits until nobody looks at pages that the device had until now.
   *
   * @return false if somebody still does after some seconds
   */
  public boolean awaitStep() {
    if (!take()) {
      return false;
    }
    taken.set(false);
    return true;
  }

  private boolean take() {
    for (int naps = 0; !taken.compareAndSet(false, true); naps++) {
      if (naps == MAX_NAPS) {
        return false;
      }
      Naps.millisecond();
    }
    return true;
  }

  /** Cycles that are over, since the store was opened. */
  long cycles() {
    return cycles.get();
  }

  /**
   * Does a whole cycle now, or waits for the one that another thread is about.
   *
   * @return false if there was nothing to win
   */
  public boolean run(PageMover mover) {
    return run(mover, true);
  }

  /** As {@link #run}, for a write at the limit: only if it may win more than the last one did. */
  boolean makeRoom(PageMover mover) {
    return run(mover, false);
  }

  private boolean run(PageMover mover, boolean anyway) {
    long before = cycles.get();
    if (!take()) {
      return false;
    }
    try {
      if (cycles.get() != before) {
        return true;
      }
      boolean isBegun = underWay;
      return (isBegun && runCycle(mover)) || (mayWin(anyway) && runCycle(mover));
    } finally {
      taken.set(false);
    }
  }

  private boolean runCycle(PageMover mover) {
    long before = chunksFreed.get();
    do {
      advance(mover, Integer.MAX_VALUE, Integer.MAX_VALUE);
    } while (underWay);
    return chunksFreed.get() > before;
  }

  private void advance(PageMover mover, int mostPages, int mostMoves) {
    if (!underWay) {
      underWay = arena.planEvacuation() > 0;
      cursor = 0;
      return;
    }
    long pages = file.extent().pages;
    long end = Math.min(cursor + mostPages, pages);
    int moves = 0;
    while (cursor < end && moves < mostMoves) {
      moves += move(mover, cursor++);
    }
    if (cursor >= pages) { // beyond, if the device was made smaller meanwhile
      underWay = false;
      long freed = arena.endEvacuation();
      chunksFreed.addAndGet(freed);
      // What was won is no slack any more, and what was freed meanwhile has not been tried.
      fruitlessSlack = Math.min(fruitlessSlack - freed * CHUNK_BYTES, use.slackBytes());
      cycles.incrementAndGet();
    }
  }

  private int move(PageMover mover, long page) {
    long entry = table.get(page) & ~PageEntry.LOCK;
    if (!PageEntry.isStored(entry)
        || !arena.isToMove(PageEntry.location(entry), PageObject.bytes(entry))) {
      return 0;
    }
    if (!mover.move(page, entry)) {
      arena.stayAt(PageEntry.location(entry));
    }
    return 1;
  }
}
