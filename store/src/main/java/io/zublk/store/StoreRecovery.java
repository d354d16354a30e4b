package io.zublk.store;

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
  private final Counters counters;

  /** The pages found staged; so many fit in the staging area, and no more are valid. */
  private long[] staged = new long[64];

  private int stagedCount;

  StoreRecovery(StoreFile file, PageTable table, SlabArena arena, Counters counters) {
    this.file = file;
    this.table = table;
    this.arena = arena;
    this.counters = counters;
  }

  /** Restores a file whose derived parts are zeros. */
  void restore(PageAccess access, MemoryBudget budget) throws IOException {
    for (long page = 0; page < file.layout().pages; page++) {
      long entry = table.get(page);
      if (entry != 0) {
        restore(page, entry & ~PageEntry.LOCK);
      }
    }
    arena.finishRestore();
    // What was acknowledged is kept, also if the limit has been lowered since.
    budget.setLimit(0);
    compressStaged(access);
    budget.setLimit(file.memLimit());
    budget.resetMostUsed();
    file.releaseStaging(0, StoreLayout.STAGING_BYTES);
    counters.add(Counter.RAW_PAGES_SINCE, -counters.get(Counter.RAW_PAGES_SINCE));
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
    PageAccess.count(counters, entry, 1);
    if (PageEntry.kind(entry) == PageEntry.STAGED) {
      addStaged(page);
    }
  }

  /** Whether what the entry names is there, and no other page's. */
  private boolean isOwner(long entry) {
    if (PageEntry.kind(entry) == PageEntry.STAGED) {
      return file.layout().contains(entry); // its checksum tells if the slot is another page's
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

  private void compressStaged(PageAccess access) throws IOException {
    for (int i = 0; i < stagedCount; i++) {
      long slot = PageEntry.location(table.get(staged[i]));
      if (!access.compressStaged(staged[i], slot)) {
        throw new IOException(
            "no memory to compress %d staged pages; make room and open the device again"
                .formatted(stagedCount - i));
      }
    }
  }
}
