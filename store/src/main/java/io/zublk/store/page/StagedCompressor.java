package io.zublk.store.page;

import io.zublk.store.staging.StagingArea;
import io.zublk.store.table.PageEntry;
import io.zublk.store.table.PageTable;

/**
 * Compresses pages that are staged. One thread's; it gets one with its {@linkplain PageAccess
 * access}.
 */
public final class StagedCompressor {

  private final PageTable table;
  private final ObjectReader reader;
  private final ObjectWriter objects;
  private final PageBooks books;

  StagedCompressor(PageTable table, ObjectReader reader, ObjectWriter objects, PageBooks books) {
    this.table = table;
    this.reader = reader;
    this.objects = objects;
    this.books = books;
  }

  /**
   * Compresses the pages of a batch that this thread has taken, and ends the taking. False if some
   * must stay where they are.
   */
  public boolean compressBatch(StagingArea area, int batch) {
    int first = area.first(batch);
    int end = area.end(batch);
    boolean complete = false;
    try {
      complete = compress(area, batch, first, end);
    } finally {
      area.release(batch, complete ? end : first); // also after a fault: it is tried again
    }
    books.count(Counter.BATCHES);
    return complete;
  }

  private boolean compress(StagingArea area, int batch, int first, int end) {
    boolean complete = true;
    for (int i = first; i < end; i++) {
      complete &= compress(area.page(batch, i), area.location(batch, i));
    }
    return complete;
  }

  /**
   * Compresses a page that was staged in {@code slot}, unless it was replaced since. False if that
   * cannot be done now, for want of memory or because the entry is locked for very long: then the
   * page must stay where it is.
   */
  public boolean compress(long page, long slot) {
    long staged = table.getUnlocked(page);
    if (!isStagedAt(page, staged, slot)) {
      books.count(Counter.OVERTAKEN_PAGES);
      return staged != PageTable.STUCK;
    }
    long entry = write(page, staged);
    if (ObjectWriter.isErrno(entry)) {
      return false;
    }
    long old = table.replaceIf(page, staged, entry);
    if (old == staged) {
      books.change(staged, entry);
    } else {
      books.free(entry);
      books.count(Counter.OVERTAKEN_PAGES);
    }
    return old != PageTable.STUCK;
  }

  private static boolean isStagedAt(long page, long entry, long slot) {
    return PageEntry.kind(entry) == PageEntry.STAGED
        && PageEntry.location(entry) == slot
        && PageEntry.isValid(page, entry);
  }

  /** The slot is this thread's to free, so its bytes stay as they are without a lock. */
  private long write(long page, long staged) {
    if (!reader.isIntact(page, staged)) {
      books.count(Counter.CHECKSUM_ERRORS);
      return PageEntry.ofLost(page);
    }
    return objects.compress(page, reader.copy(), 0, true); // what was found intact
  }
}
