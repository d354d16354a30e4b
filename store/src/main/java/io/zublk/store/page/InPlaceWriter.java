package io.zublk.store.page;

import io.zublk.block.Errno;
import io.zublk.store.table.PageTable;
import java.lang.foreign.MemorySegment;

/**
 * Replaces a page by one that is no larger in the slot of the old one, which needs no memory. Its
 * new bytes are staged in the spare page while they take the place of the old ones: whoever looks
 * at the file meanwhile, a reader or the process after a kill, finds one or the other. One
 * thread's.
 */
final class InPlaceWriter {

  private final PageTable table;
  private final ObjectReader reader;
  private final ObjectWriter objects;
  private final PageDraft draft;
  private final PageBooks books;
  private final SparePage spare;

  InPlaceWriter(
      PageTable table,
      ObjectReader reader,
      ObjectWriter objects,
      PageDraft draft,
      PageBooks books,
      SparePage spare) {
    this.table = table;
    this.reader = reader;
    this.objects = objects;
    this.draft = draft;
    this.books = books;
    this.spare = spare;
  }

  /** As {@link PageWriter#write}; {@code -ENOSPC} if the page's slot is too small. */
  int write(long page, int at, MemorySegment source, long offset, int length) {
    long old = table.lock(page);
    if (old == PageTable.STUCK) {
      return books.damaged();
    }
    long staged = old;
    try {
      if (!draft.make(page, old, at, source, offset, length)) {
        return books.damaged();
      }
      staged = stageInSpare(page, old);
    } finally {
      table.unlock(page, staged);
    }
    return staged == old ? -Errno.ENOSPC : finish(page, old, staged);
  }

  /** The entry of the page in the spare page; or the old one, if its slot is too small. */
  private long stageInSpare(long page, long old) {
    objects.pack(draft.memory(), 0);
    boolean fits = reader.owns(page, old) && objects.packedFits(old) && spare.take();
    return fits ? objects.stage(page, draft.memory(), 0, SparePage.LOCATION) : old;
  }

  /** The old slot is still ours, though no entry names it any more. */
  private int finish(long page, long old, long staged) {
    books.change(old, staged);
    long entry = objects.putPacked(page, draft.memory(), 0, old);
    long found = table.replaceIf(page, staged, entry);
    if (found == staged) {
      books.change(staged, entry);
    } else {
      books.free(entry);
    }
    if (found != PageTable.STUCK) {
      spare.giveBack();
    }
    return 0;
  }
}
