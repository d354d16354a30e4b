package io.zublk.store.page;

import io.zublk.block.ThreadCounters;
import io.zublk.store.table.PageEntry;

/** What a page counts for, by its entry, as long as it is in the page table. */
public final class Gauges {

  private Gauges() {}

  /** Adds pages of this entry, 1 or -1, to a thread's counters. */
  public static void count(ThreadCounters<Counter> counters, long entry, int pages) {
    counters.add(Counter.PAGES, pages);
    if (PageEntry.needsLock(entry)) {
      counters.add(Counter.OBJECT_BYTES, (long) pages * PageEntry.length(entry));
    }
    switch (PageEntry.kind(entry)) {
      case PageEntry.FILL, PageEntry.REPEAT, PageEntry.WORD ->
          counters.add(Counter.SAME_PAGES, pages);
      case PageEntry.RAW -> {
        counters.add(Counter.RAW_PAGES, pages);
        counters.add(Counter.RAW_PAGES_SINCE, Math.max(pages, 0));
      }
      case PageEntry.LZ4 -> counters.add(Counter.LZ4_PAGES, pages);
      case PageEntry.ZSTD -> counters.add(Counter.ZSTD_PAGES, pages);
      case PageEntry.LINE -> counters.add(Counter.LINE_PAGES, pages);
      case PageEntry.PADDED -> counters.add(Counter.PADDED_PAGES, pages);
      case PageEntry.STAGED -> counters.add(Counter.STAGED_PAGES, pages);
      default -> {} // lost ones, which are in checksum errors
    }
  }
}
