package io.zublk.store.page;

import io.zublk.block.ThreadCounters;
import io.zublk.store.table.PageEntry;

/** What a page counts for, by its entry, as long as it is in the page table. */
public final class Gauges {

  private Gauges() {}

  /** Adds pages of this entry, 1 or -1, to a thread's counters. */
  public static void count(ThreadCounters<Counter> counters, long entry, int pages) {
    counters.add(Counter.PAGES, pages);
    if (PageEntry.isSame(entry)) {
      counters.add(Counter.SAME_PAGES, pages);
    }
    if (PageEntry.needsLock(entry)) {
      counters.add(Counter.OBJECT_BYTES, (long) pages * PageEntry.length(entry));
    }
    if (PageEntry.kind(entry) == PageEntry.RAW) {
      counters.add(Counter.RAW_PAGES, pages);
      counters.add(Counter.RAW_PAGES_SINCE, Math.max(pages, 0));
    }
    if (PageEntry.kind(entry) == PageEntry.STAGED) {
      counters.add(Counter.STAGED_PAGES, pages);
    }
  }
}
