package io.zublk.store.page;

import io.zublk.store.table.PageEntry;
import io.zublk.store.table.PageTable;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Puts pages into a store that nobody else uses yet, as another store has packed them. One
 * thread's; it gets one from its {@linkplain PageAccess access}.
 */
public final class PageRestorer implements PageSink {

  private final PageTable table;
  private final ObjectWriter objects;
  private final Codecs codecs;
  private final PageBooks books;
  private int kindsSeen; // a bit for each
  private Optional<String> whyUnreadable = Optional.empty();
  private boolean fits = true;

  PageRestorer(PageTable table, ObjectWriter objects, Codecs codecs, PageBooks books) {
    this.table = table;
    this.objects = objects;
    this.codecs = codecs;
    this.books = books;
  }

  /** Whether a page is there already. */
  public boolean has(long page) {
    return table.get(page) != 0;
  }

  /** Whether there was memory for all so far. */
  public boolean fits() {
    return fits;
  }

  /** Why this machine cannot read a page that it was given; empty if it can read all. */
  public Optional<String> whyUnreadable() {
    return whyUnreadable;
  }

  @Override
  public void fill(long page, long word) {
    put(page, PageEntry.ofFill(page, word));
  }

  @Override
  public void lost(long page) {
    put(page, PageEntry.ofLost(page));
  }

  @Override
  public void object(long page, int kind, MemorySegment bytes, long at, int length) {
    if ((kindsSeen & 1 << kind) == 0) {
      kindsSeen |= 1 << kind;
      whyUnreadable = whyUnreadable.or(() -> codecs.whyUnreadable(kind));
    }
    long entry = objects.writePacked(page, kind, bytes, at, length);
    if (ObjectWriter.isErrno(entry)) {
      fits = false;
    } else {
      put(page, entry);
    }
  }

  private void put(long page, long entry) {
    table.unlock(page, entry);
    books.enter(entry);
  }
}
