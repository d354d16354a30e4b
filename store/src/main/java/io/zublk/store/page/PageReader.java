package io.zublk.store.page;

import io.zublk.store.table.PageEntry;
import io.zublk.store.table.PageTable;
import java.lang.foreign.MemorySegment;

/**
 * Reads pages and parts of pages. One thread's; it gets one with its {@linkplain PageAccess
 * access}.
 */
public final class PageReader {

  private final PageTable table;
  private final ObjectReader objects;
  private final PageBooks books;

  /** A whole page, of which a part is wanted. */
  private final MemorySegment whole;

  PageReader(PageTable table, ObjectReader objects, PageBooks books, MemorySegment whole) {
    this.table = table;
    this.objects = objects;
    this.books = books;
    this.whole = whole;
  }

  /** Reads a page into {@code target} and returns 0 or {@code -EIO}. */
  public int read(long page, MemorySegment target, long offset) {
    long entry = table.get(page);
    if (!PageEntry.needsLock(entry)) {
      return objects.read(page, entry, target, offset) ? 0 : books.damaged();
    }
    entry = table.lock(page);
    if (entry == PageTable.STUCK) {
      return books.damaged();
    }
    try {
      return objects.read(page, entry, target, offset) ? 0 : books.damaged();
    } finally {
      table.unlock(page, entry);
    }
  }

  /** Reads {@code length} bytes inside a page, from {@code at} on. */
  public int readPart(long page, int at, MemorySegment target, long offset, int length) {
    int result = read(page, whole, 0);
    if (result == 0) {
      MemorySegment.copy(whole, at, target, offset, length);
    }
    return result;
  }
}
