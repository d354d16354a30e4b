package io.zublk.store.page;

import io.zublk.block.Errno;
import io.zublk.block.ThreadCounters;
import io.zublk.store.arena.SlabArena;
import io.zublk.store.table.PageEntry;

/** What is to be done when an entry has come into the page table, or gone. One thread's. */
final class PageBooks {

  private final SlabArena arena;
  private final ObjectReader objects;
  private final ThreadCounters<Counter> counters;

  PageBooks(SlabArena arena, ObjectReader objects, ThreadCounters<Counter> counters) {
    this.arena = arena;
    this.objects = objects;
    this.counters = counters;
  }

  /** Enters a page that has come into the table. */
  void enter(long entry) {
    Gauges.count(counters, entry, 1);
  }

  /** Enters a page under another entry; the caller knows what becomes of the old one's object. */
  void change(long old, long entry) {
    Gauges.count(counters, entry, 1);
    Gauges.count(counters, old, -1);
  }

  /** Strikes out an entry that was replaced, and frees its object. False if it was none. */
  boolean strike(long page, long old) {
    // Nothing is known about what a damaged entry owned; the next opening of the file frees it.
    if (old == 0 || !PageEntry.isValid(page, old)) {
      return false;
    }
    Gauges.count(counters, old, -1);
    // The short check of a raw entry is not enough to free what might be another page's memory.
    if (PageEntry.kind(old) != PageEntry.RAW || objects.isIntact(page, old)) {
      free(old);
    }
    return true;
  }

  /** Frees what an entry owns in the arena; a slot of the staging area is its worker's. */
  void free(long entry) {
    if (PageEntry.isStored(entry)) {
      arena.free(PageEntry.location(entry), PageObject.bytes(entry));
    }
  }

  /** Counts a page that is damaged, or whose lock is never given back; returns {@code -EIO}. */
  int damaged() {
    counters.add(Counter.CHECKSUM_ERRORS, 1);
    return -Errno.EIO;
  }

  void count(Counter event) {
    counters.add(event, 1);
  }
}
