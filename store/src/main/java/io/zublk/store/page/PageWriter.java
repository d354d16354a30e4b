package io.zublk.store.page;

import static io.zublk.block.Geometry.PAGE_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.zublk.block.Errno;
import io.zublk.codec.PageFill;
import io.zublk.store.arena.SlabArena;
import io.zublk.store.staging.StagingWriter;
import io.zublk.store.table.PageEntry;
import io.zublk.store.table.PageTable;
import java.lang.foreign.MemorySegment;

/**
 * Replaces pages and parts of pages. One thread's; it gets one with its {@linkplain PageAccess
 * access}.
 */
public final class PageWriter {

  private final PageTable table;
  private final ObjectWriter objects;
  private final PageDraft draft;
  private final PageBooks books;
  private final InPlaceWriter inPlace;
  private final RoomMaker room;
  private final Moments moments;

  /** Where this thread stages what it writes; null if it compresses at once. */
  private final StagingWriter staging;

  PageWriter(
      PageTable table,
      ObjectWriter objects,
      PageDraft draft,
      PageBooks books,
      InPlaceWriter inPlace,
      RoomMaker room,
      Moments moments,
      StagingWriter staging) {
    this.table = table;
    this.objects = objects;
    this.draft = draft;
    this.books = books;
    this.inPlace = inPlace;
    this.room = room;
    this.moments = moments;
    this.staging = staging;
  }

  /**
   * Replaces {@code length} bytes of a page, from {@code at} on, by those at {@code source}.
   *
   * @return 0, {@code -ENOSPC} or {@code -EIO}
   */
  public int write(long page, int at, MemorySegment source, long offset, int length) {
    moments.keep(page);
    int result = tryWrite(page, at, source, offset, length);
    for (int i = 0; result == -Errno.ENOSPC && i < RoomMaker.MEASURES; i++) {
      if (room.make(i)) {
        result = tryWrite(page, at, source, offset, length);
      }
    }
    return result == -Errno.ENOSPC ? inPlace.write(page, at, source, offset, length) : result;
  }

  private int tryWrite(long page, int at, MemorySegment source, long offset, int length) {
    return length == PAGE_BYTES
        ? writeWhole(page, source, offset)
        : writePart(page, at, source, offset, length);
  }

  private int writeWhole(long page, MemorySegment source, long offset) {
    if (PageFill.isFilled(source, offset)) {
      return publish(page, objects.writeFill(page, source.get(JAVA_LONG_UNALIGNED, offset)));
    }
    if (staging != null) {
      long slot = staging.nextSlot();
      if (slot >= 0) {
        return stage(page, source, offset, slot);
      }
      books.count(Counter.UNSTAGED_PAGES);
    }
    return publish(page, objects.compress(page, source, offset, false));
  }

  /**
   * Replaces a page by one whose bytes are in the staging area. The entry is locked while the slot
   * is made known to the workers: one that was quicker than the entry would take the slot for one
   * whose page has been replaced since, and free it.
   */
  private int stage(long page, MemorySegment source, long offset, long slot) {
    long entry = objects.stage(page, source, offset, slot);
    long old = table.lock(page);
    if (old == PageTable.STUCK) {
      staging.cancel();
      return books.damaged();
    }
    staging.add(page);
    table.unlock(page, entry);
    staging.announce();
    books.count(Counter.STAGED_PAGES_SINCE);
    books.enter(entry);
    boolean _ = books.strike(page, old);
    return 0;
  }

  /** Ends: who keeps it from its end has written the page, so that it needs another slot. */
  private int writePart(long page, int at, MemorySegment source, long offset, int length) {
    try {
      int result = tryPart(page, at, source, offset, length);
      while (result == SlabArena.NOT_AT_HAND) {
        int prepared = objects.prepare();
        result = prepared < 0 ? prepared : tryPart(page, at, source, offset, length);
      }
      return result;
    } finally {
      objects.endPreparing();
    }
  }

  /** Memory that is not there would have to be waited for: not while the entry is locked. */
  private int tryPart(long page, int at, MemorySegment source, long offset, int length) {
    long old = table.lock(page);
    if (old == PageTable.STUCK) {
      return books.damaged();
    }
    long entry = old;
    try {
      if (!draft.make(page, old, at, source, offset, length)) {
        return books.damaged();
      }
      long changed = objects.writeAtHand(page, draft.memory(), 0);
      if (ObjectWriter.isErrno(changed)) {
        return (int) changed;
      }
      entry = changed;
    } finally {
      table.unlock(page, entry);
    }
    books.enter(entry);
    boolean _ = books.strike(page, old);
    return 0;
  }

  /** Makes a page absent, and returns 0 or {@code -EIO}. */
  public int drop(long page) {
    if (table.get(page) == 0) {
      return 0;
    }
    moments.keep(page);
    long old = table.replace(page, 0);
    if (old == PageTable.STUCK) {
      return books.damaged();
    }
    if (books.strike(page, old)) {
      books.count(Counter.FREED_PAGES);
    }
    return 0;
  }

  /** Makes a page zeros that count as stored, and returns 0 or {@code -EIO}. */
  public int fillWithZeros(long page) {
    moments.keep(page);
    return publish(page, PageEntry.ofFill(page, 0));
  }

  /** Puts an entry whose object is written into the table; or returns the errno that it is. */
  private int publish(long page, long entry) {
    if (ObjectWriter.isErrno(entry)) {
      return (int) entry;
    }
    long old = table.replace(page, entry);
    if (old == PageTable.STUCK) {
      books.free(entry);
      return books.damaged();
    }
    books.enter(entry);
    boolean _ = books.strike(page, old);
    return 0;
  }
}
