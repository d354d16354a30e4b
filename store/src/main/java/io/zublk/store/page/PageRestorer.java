package io.zublk.store.page;

import io.zublk.store.table.PageEntry;
import io.zublk.store.table.PageTable;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Puts pages into a store that is not in use yet, as another store has packed them; several threads
 * may do so. One thread's; it gets one from its {@linkplain PageAccess access}.
 */
public final class PageRestorer implements PageSink {

  private final PageTable table;
  private final ObjectWriter objects;
  private final PageBooks books;
  private int kindsSeen; // a bit for each
  private Optional<String> problem = Optional.empty();

  PageRestorer(PageTable table, ObjectWriter objects, PageBooks books) {
    this.table = table;
    this.objects = objects;
    this.books = books;
  }

  /** What is wrong with the pages so far, in words that go on after their file's name. */
  public Optional<String> problem() {
    return problem;
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
      problem =
          problem.or(() ->
              Codecs.whyUnreadable(kind)
                  .map(why -> "holds pages that this machine cannot read: " + why));
    }
    long entry = objects.writePacked(page, kind, bytes, at, length);
    if (ObjectWriter.isErrno(entry)) {
      problem = Optional.of("holds more than there is memory for");
    } else {
      put(page, entry);
    }
  }

  private void put(long page, long entry) {
    if (table.replaceIf(page, 0, entry) == 0) {
      books.enter(entry);
    } else {
      problem = Optional.of("is damaged: page %d is in it twice".formatted(page));
    }
  }
}
