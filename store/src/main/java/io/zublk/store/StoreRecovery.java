package io.zublk.store;

import io.zublk.block.ThreadCounters;
import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.arena.SlabArena;
import io.zublk.store.file.StoreFile;
import io.zublk.store.file.StoreLayout;
import io.zublk.store.page.Counter;
import io.zublk.store.page.Gauges;
import io.zublk.store.page.PageAccess;
import io.zublk.store.page.PageObject;
import io.zublk.store.page.Pages;
import io.zublk.store.page.StagedCompressor;
import io.zublk.store.table.PageEntry;
import io.zublk.store.table.PageTable;
import java.io.IOException;
import java.util.Arrays;

/**
 * Derives a store's books from its page table, drops the locks of dead threads, and compresses what
 * a dead process left staged. One thread, before anybody else may use the store.
 */
final class StoreRecovery {

  private final StoreFile file;
  private final PageTable table;
  private final SlabArena arena;
  private final MemoryBudget budget;
  private final ThreadCounters<Counter> counters;
  private final StagedCompressor compressor;

  /** The pages found staged; so many fit in the staging area, and no more are valid. */
  private long[] staged = new long[64];

  private int stagedCount;

  private StoreRecovery(Pages pages, MemoryBudget budget, PageAccess access) {
    this.file = pages.file();
    this.table = pages.table();
    this.arena = pages.arena();
    this.budget = budget;
    this.counters = access.counters();
    this.compressor = access.compressor();
  }

  /** Restores a file whose derived parts are zeros. */
  static void restore(Pages pages, MemoryBudget budget) throws IOException {
    try (PageAccess access = pages.open()) {
      new StoreRecovery(pages, budget, access).restore();
    }
  }

  private void restore() throws IOException {
    for (long page = 0; page < file.extent().pages; page++) {
      long entry = table.get(page);
      if (entry != 0) {
        restore(page, entry & ~PageEntry.LOCK);
      }
    }
    arena.finishRestore();
    counters.add(Counter.RAW_PAGES_SINCE, -counters.get(Counter.RAW_PAGES_SINCE));
    // What was acknowledged is kept, also if the limit has been lowered since.
    budget.setLimit(0);
    compressStaged();
    budget.setLimit(file.memLimit());
    budget.resetMostUsed();
    file.releaseStaging(0, StoreLayout.STAGING_BYTES);
  }

  private void restore(long page, long found) {
    long entry = found;
    if (!PageEntry.isValid(page, entry)) {
      counters.add(Counter.CHECKSUM_ERRORS, 1);
      table.unlock(page, entry);
      return;
    }
    if (!isOwner(entry)) {
      counters.add(Counter.CHECKSUM_ERRORS, 1);
      entry = PageEntry.ofLost(page);
    }
    table.unlock(page, entry);
    Gauges.count(counters, entry, 1);
    if (PageEntry.kind(entry) == PageEntry.STAGED) {
      addStaged(page);
    }
  }

  /** Whether what the entry names is there, and no other page's. */
  private boolean isOwner(long entry) {
    if (PageEntry.kind(entry) == PageEntry.STAGED) {
      return PageObject.isInside(
          file.extent(), entry); // its checksum tells if the slot is another page's
    }
    return !PageEntry.isStored(entry)
        || arena.restore(PageEntry.location(entry), PageObject.bytes(entry));
  }

  private void addStaged(long page) {
    if (stagedCount == staged.length) {
      staged = Arrays.copyOf(staged, 2 * stagedCount);
    }
    staged[stagedCount++] = page;
  }

  private void compressStaged() throws IOException {
    for (int i = 0; i < stagedCount; i++) {
      long slot = PageEntry.location(table.get(staged[i]));
      if (!compressor.compress(staged[i], slot)) {
        throw new IOException(
            "no memory to compress %d staged pages; make room and open the device again"
                .formatted(stagedCount - i));
      }
    }
  }
}
