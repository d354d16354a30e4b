package io.zublk.store.page;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.zublk.store.file.StoreFile;
import io.zublk.store.table.PageEntry;
import io.zublk.store.table.PageTable;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * What all pages were at one moment, while they are written on: one thread goes through them, and
 * whoever is about to replace one that it has not come to copies it first. A bit for each page says
 * that it is taken, by either.
 *
 * <p>Nobody waits for the moment to come. A write that looked for a moment before there was one may
 * be in it, as a whole or in some of its pages, and is not acknowledged then; one that looks later
 * is not. So a write that is in it has begun before the moment, and all that were acknowledged
 * before that began are in it as well (docs/decisions/0013).
 */
public final class Moment {

  private static final VarHandle WORD = JAVA_LONG.varHandle();

  /** Pages that share a word of bits. */
  static final int GROUP_PAGES = Long.SIZE;

  private final PageTable table;
  private final StoreFile file;
  private final long pages;
  private final MemorySegment bits;
  private final KeptPages kept;
  private volatile boolean broken;

  /** Prepares for a moment: takes a bit a page, and 16 MiB if they should be needed. */
  Moment(StoreFile file, PageTable table) throws LinuxException {
    this.file = file;
    this.table = table;
    this.pages = file.extent().pages;
    this.bits = Memory.mapAnonymous(groups() * Long.BYTES);
    try {
      this.kept = new KeptPages();
    } catch (Throwable t) {
      Memory.unmap(bits);
      throw t;
    }
  }

  public long pages() {
    return pages;
  }

  public long groups() {
    return (pages + GROUP_PAGES - 1) / GROUP_PAGES;
  }

  KeptPages kept() {
    return kept;
  }

  /** Whether a write found no place for what it replaced in time, so that the moment is lost. */
  public boolean isBroken() {
    return broken;
  }

  boolean isTaken(long page) {
    return (((long) WORD.getAcquire(bits, at(page)) >>> page) & 1) != 0;
  }

  /** Takes a page; false if it was taken. What it was is to be read before. */
  boolean take(long page) {
    long bit = 1L << page;
    return ((long) WORD.getAndBitwiseOr(bits, at(page), bit) & bit) == 0;
  }

  /** Takes all pages of a group; false, and none, if any was taken. */
  boolean takeGroup(long group) {
    return WORD.compareAndSet(bits, group * Long.BYTES, 0L, -1L);
  }

  private static long at(long page) {
    return page / GROUP_PAGES * Long.BYTES;
  }

  /** Sees to it that what a page is now can be replaced. Any thread that holds no entry's lock. */
  void keep(long page) {
    if (broken || page >= pages || isTaken(page)) {
      return;
    }
    if (table.get(page) == 0) {
      boolean _ = take(page); // there is nothing to copy
      return;
    }
    long copy = kept.begin();
    if (copy == KeptPages.NONE) {
      broken = true;
      return;
    }
    long entry = 0;
    try {
      entry = copyIfFirst(copy, page);
    } finally {
      kept.end(copy, page, entry);
    }
  }

  /** Copies a page and takes it; returns its entry, or 0 if it was taken. */
  private long copyIfFirst(long copy, long page) {
    long entry = table.lock(page);
    if (entry == PageTable.STUCK) {
      return take(page) ? PageEntry.ofLost(page) : 0;
    }
    try {
      if (PageEntry.needsLock(entry)
          && PageEntry.isValid(page, entry)
          && PageObject.isInside(file.extent(), entry)) {
        long object = PageObject.position(file.layout(), entry);
        kept.fill(copy, file.memory(), object, PageObject.bytes(entry));
      }
      return take(page) ? entry : 0;
    } finally {
      table.unlock(page, entry);
    }
  }

  /** Ends it; nobody may know it any more. */
  public void close() {
    kept.close();
    Memory.unmap(bits);
  }
}
