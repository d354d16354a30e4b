package io.zublk.store;

import io.zublk.block.Geometry;
import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.file.StoreExtent;
import io.zublk.store.file.StoreFile;
import io.zublk.store.page.Pages;
import io.zublk.store.table.PageEntry;
import io.zublk.store.work.StoreWorkers;
import java.io.IOException;

/**
 * Changes how many pages a store has, while it is used. The size is one word of the file: a process
 * that is killed meanwhile leaves a store of the old size, or one of the new.
 *
 * <p>One thread at a time, and not while the store is saved.
 */
final class Resizing {

  private static final String CLOSED = "the store is closed";
  private static final long NONE = -1;

  private final StoreFile file;
  private final Pages pages;
  private final MemoryBudget budget;
  private final Gate gate;
  private final StoreWorkers workers;

  Resizing(StoreFile file, Pages pages, MemoryBudget budget, Gate gate, StoreWorkers workers) {
    this.file = file;
    this.pages = pages;
    this.budget = budget;
    this.gate = gate;
    this.workers = workers;
  }

  /** As {@link PageStore#resize}. */
  void run(long sizeBytes, boolean force) throws IOException {
    StoreExtent wanted = file.extent().resizedTo(sizeBytes / Geometry.PAGE_BYTES);
    if (wanted.pages < file.extent().pages) {
      shrinkTo(wanted, force);
    } else {
      inside(() -> growTo(wanted));
    }
  }

  /** What may use the file's memory, and fail. */
  private interface Work {
    void run() throws IOException;
  }

  private void inside(Work work) throws IOException {
    Gate.Entrance entrance = gate.open();
    try {
      if (!entrance.enter()) {
        throw new IOException(CLOSED);
      }
      try {
        work.run();
      } finally {
        entrance.leave();
      }
    } finally {
      entrance.close();
    }
  }

  /** Requests go on meanwhile. */
  private void growTo(StoreExtent larger) throws IOException {
    StoreExtent old = file.extent();
    long bytes = larger.metadataBytes - old.metadataBytes;
    if (!budget.take(bytes)) {
      throw new IOException(
          "its books would take %d KiB more, which the memory limit does not leave"
              .formatted(bytes >> 10));
    }
    if (file.prepare(larger) < 0) {
      budget.giveBack(bytes);
      throw new IOException("there is no memory for its books, %d KiB".formatted(bytes >> 10));
    }
    file.resize(larger);
    pages.arena().useSlabsFrom(old.slabs);
    if (pages.arena().hasReserve()) {
      file.mapMetadata(); // or a request might wait for a page fault
    }
  }

  private void shrinkTo(StoreExtent smaller, boolean force) throws IOException {
    if (!file.canShrink()) {
      throw new IOException(
          "its store has layout %d of an older zublk, which can only grow; save it and restore it"
              .formatted(file.version()));
    }
    long[] inUse = {NONE};
    boolean isDone =
        gate.whileQuiet(() -> {
          inUse[0] = force ? NONE : firstInUse(smaller.pages);
          if (inUse[0] == NONE) {
            drop(smaller);
          }
        });
    if (!isDone) {
      throw new IOException("a request is under way for too long, or " + CLOSED);
    }
    if (inUse[0] != NONE) {
      throw new IOException(
          "there are data beyond that size, at byte %d".formatted(inUse[0] * Geometry.PAGE_BYTES));
    }
    inside(this::giveBack);
  }

  private long firstInUse(long from) {
    for (long page = from; page < file.extent().pages; page++) {
      if (!isZeros(page, pages.table().get(page) & ~PageEntry.LOCK)) {
        return page;
      }
    }
    return NONE;
  }

  private static boolean isZeros(long page, long entry) {
    int kind = PageEntry.kind(entry);
    return PageEntry.isValid(page, entry)
        && (kind == PageEntry.ABSENT || (kind == PageEntry.FILL && PageEntry.fillWord(entry) == 0));
  }

  /** While nobody reads or writes pages; workers go on. */
  private void drop(StoreExtent smaller) {
    StoreExtent old = file.extent();
    file.resizeOnNextOpening(smaller); // first: whoever finds it cut off here finds all that stays
    try {
      new Erasure(pages, budget, smaller.pages).run();
    } catch (Throwable t) {
      file.resizeOnNextOpening(old);
      throw t;
    }
    file.resize(smaller);
    budget.giveBack(old.metadataBytes - smaller.metadataBytes);
  }

  /** The memory of what is gone, and of its books unless somebody looks at them still. */
  private void giveBack() {
    if (workers.drain() && pages.compactor().awaitStep()) {
      file.releaseGaps();
    }
    boolean _ = workers.trim();
  }
}
