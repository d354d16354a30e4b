package io.zublk.store.page;

import io.zublk.store.arena.SizeClasses;
import io.zublk.store.arena.SlabArena;
import io.zublk.store.table.PageEntry;
import io.zublk.store.table.PageTable;

/**
 * Moves objects to other slots. One thread's; it gets one with its {@linkplain PageAccess access}.
 */
public final class PageMover {

  private final PageTable table;
  private final SlabArena arena;
  private final ObjectReader reader;
  private final ObjectWriter objects;

  PageMover(PageTable table, SlabArena arena, ObjectReader reader, ObjectWriter objects) {
    this.table = table;
    this.arena = arena;
    this.reader = reader;
    this.objects = objects;
  }

  /**
   * Moves a page's object to another slot that has memory, if its entry is still this one. False if
   * it must stay, for want of such a slot or because it is damaged.
   */
  boolean move(long page, long entry) {
    int bytes = PageObject.bytes(entry);
    long location = arena.allocateInMemory(SizeClasses.classOf(bytes));
    if (location < 0) {
      return false;
    }
    long old = table.lock(page);
    boolean isSame = old == entry;
    boolean moves = false;
    long now = old;
    try {
      if (isSame && reader.owns(page, old)) {
        now = objects.copyTo(location, page, old);
        moves = true;
      }
    } finally {
      if (old != PageTable.STUCK) {
        table.unlock(page, now);
      }
    }
    arena.free(moves ? PageEntry.location(entry) : location, bytes);
    return moves || !isSame;
  }
}
