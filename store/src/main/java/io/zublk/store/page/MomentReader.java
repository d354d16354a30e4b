package io.zublk.store.page;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.zublk.block.Geometry;
import io.zublk.store.table.PageEntry;
import io.zublk.store.table.PageTable;
import java.lang.foreign.MemorySegment;

/**
 * Reads what all pages were at a {@link Moment}: those of the table that nobody has replaced since,
 * and the copies of the others. One thread's.
 */
public final class MomentReader {

  /** Copies that are taken in one go. */
  private static final int MOST_COPIES = 64;

  /** What a call of {@link #readGroup} or {@link #readKept} may tell at most, in pages. */
  public static final int MOST_PAGES = Math.max(MOST_COPIES, Moment.GROUP_PAGES);

  private final Moment moment;
  private final PageTable table;
  private final ObjectReader reader;
  private final ObjectWriter objects;

  MomentReader(Moment moment, PageTable table, ObjectReader reader, ObjectWriter objects) {
    this.moment = moment;
    this.table = table;
    this.reader = reader;
    this.objects = objects;
  }

  /** Tells the sink of the pages of a group, 0 to {@link Moment#groups} - 1, that nobody took. */
  public void readGroup(long group, PageSink sink) {
    long first = group * Moment.GROUP_PAGES;
    long end = Math.min(first + Moment.GROUP_PAGES, moment.pages());
    if (isAbsent(first, end) && moment.takeGroup(group)) {
      return;
    }
    for (long page = first; page < end; page++) {
      read(page, sink);
    }
  }

  private boolean isAbsent(long first, long end) {
    for (long page = first; page < end; page++) {
      if (table.get(page) != 0) {
        return false;
      }
    }
    return true;
  }

  private void read(long page, PageSink sink) {
    if (moment.isTaken(page)) {
      return;
    }
    long entry = table.get(page) & ~PageEntry.LOCK;
    if (!PageEntry.needsLock(entry)) {
      if (moment.take(page)) {
        tell(page, entry, PageEntry.isValid(page, entry), sink);
      }
      return;
    }
    readObject(page, sink);
  }

  private void readObject(long page, PageSink sink) {
    long entry = table.lock(page);
    if (entry == PageTable.STUCK) {
      if (moment.take(page)) {
        sink.lost(page);
      }
      return;
    }
    boolean isIntact;
    boolean isOurs;
    try {
      isIntact = PageEntry.isValid(page, entry) && isIntact(page, entry);
      isOurs = moment.take(page);
    } finally {
      table.unlock(page, entry);
    }
    if (isOurs) {
      tell(page, entry, isIntact, sink);
    }
  }

  private boolean isIntact(long page, long entry) {
    return !PageEntry.needsLock(entry) || reader.isIntact(page, entry);
  }

  /** Copies that were begun so far: all pages whose bits are set are among those, or told. */
  public long begun() {
    return moment.kept().begun();
  }

  /** Copies that {@link #readKept} has come to so far. */
  public long taken() {
    return moment.kept().taken();
  }

  /** Whether there is such a copy. */
  public boolean hasKept() {
    return moment.kept().hasNext();
  }

  /** Tells the sink of some pages that were copied before they were written. */
  public void readKept(PageSink sink) {
    KeptPages kept = moment.kept();
    for (int copies = 0; copies < MOST_COPIES && kept.hasNext(); copies++) {
      long page = kept.page();
      long entry = kept.entry();
      if (entry != 0) {
        boolean isIntact =
            PageEntry.isValid(page, entry)
                && (!PageEntry.needsLock(entry)
                    || reader.isIntact(page, entry, kept.memory(), kept.bytesAt()));
        tell(page, entry, isIntact, sink);
      }
      kept.endTaking();
    }
  }

  /** Tells of a page whose object, if it has one, is the reader's copy. */
  private void tell(long page, long entry, boolean isIntact, PageSink sink) {
    int kind = PageEntry.kind(entry);
    if (!isIntact || kind == PageEntry.LOST) {
      sink.lost(page);
      return;
    }
    switch (kind) {
      case PageEntry.ABSENT -> {}
      case PageEntry.FILL, PageEntry.REPEAT -> sink.fill(page, PageEntry.fillWord(entry));
      case PageEntry.STAGED -> tellStaged(page, sink);
      case PageEntry.PADDED -> tellPadded(page, entry, sink);
      default -> sink.object(page, kind, reader.copy(), 0, PageEntry.length(entry));
    }
  }

  /** It would be compressed by and by; so it is here, as a page of a file never is. */
  private void tellStaged(long page, PageSink sink) {
    objects.pack(reader.copy(), 0);
    int kind = objects.packedKind();
    MemorySegment packed = objects.packed();
    if (kind == PageEntry.RAW) {
      sink.object(page, kind, reader.copy(), 0, Geometry.PAGE_BYTES);
    } else if (kind == PageEntry.WORD && PageEntry.fitsInEntry(packed.get(JAVA_LONG, 0))) {
      sink.fill(page, packed.get(JAVA_LONG_UNALIGNED, 0));
    } else {
      sink.object(page, kind, packed, 0, objects.packedLength());
    }
  }

  private void tellPadded(long page, long entry, PageSink sink) {
    int kind = reader.innerKind();
    int length = reader.innerLength(PageEntry.length(entry));
    if (length > 0 && PageSink.isPacked(kind, length)) {
      sink.object(page, kind, reader.copy(), PageObject.INNER_BYTES, length);
    } else {
      sink.lost(page);
    }
  }
}
