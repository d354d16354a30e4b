package io.zublk.store.page;

import io.zublk.block.Geometry;
import java.lang.foreign.MemorySegment;

/** A page under construction: what it is now, and what part of it is to be. One thread's. */
final class PageDraft {

  private final ObjectReader objects;
  private final MemorySegment memory;

  /** {@code memory}: a page of the draft's own. */
  PageDraft(ObjectReader objects, MemorySegment memory) {
    this.objects = objects;
    this.memory = memory;
  }

  /** The page that was made last. */
  MemorySegment memory() {
    return memory;
  }

  /**
   * Makes a page with {@code length} bytes from {@code at} on replaced by those at {@code source},
   * and the others as they are. False if they are needed, and damaged.
   *
   * @param entry the page's, which the caller has locked
   */
  boolean make(long page, long entry, int at, MemorySegment source, long offset, int length) {
    if (length < Geometry.PAGE_BYTES && !objects.read(page, entry, memory, 0)) {
      return false;
    }
    MemorySegment.copy(source, offset, memory, at, length);
    return true;
  }
}
