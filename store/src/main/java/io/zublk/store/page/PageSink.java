package io.zublk.store.page;

import io.zublk.block.Geometry;
import io.zublk.store.table.PageEntry;
import java.lang.foreign.MemorySegment;

/** Takes pages as they are stored, in any order; an absent one is left out. One thread's. */
public interface PageSink {

  /** A page of equal words that {@linkplain PageEntry#fitsInEntry fit}. */
  void fill(long page, long word);

  /**
   * Any other page.
   *
   * @param kind WORD, LZ4, ZSTD, LINE or RAW of {@link PageEntry}
   * @param bytes what is stored of it at {@code at}, without a checksum; for the time of the call
   */
  void object(long page, int kind, MemorySegment bytes, long at, int length);

  /** A page that is damaged, so that reading it fails. */
  void lost(long page);

  /** Whether an object can be of this kind and so many bytes. */
  static boolean isPacked(int kind, int length) {
    return switch (kind) {
      case PageEntry.WORD -> length == Long.BYTES;
      case PageEntry.LZ4, PageEntry.ZSTD, PageEntry.LINE ->
          length >= 1 && length <= Geometry.PAGE_BYTES - PageObject.CHECKSUM_BYTES;
      case PageEntry.RAW -> length == Geometry.PAGE_BYTES;
      default -> false;
    };
  }
}
