package io.zublk.store.page;

import io.zublk.codec.PageCodec;
import io.zublk.store.table.PageEntry;
import java.lang.foreign.MemorySegment;

/**
 * What a page that is not one repeated word becomes when it is written. Whoever writes asks here,
 * and any thread reads what comes of it, of whatever kind: today one codec's, or the page as it is
 * where that makes it no smaller. One thread's.
 */
final class Packing {

  private final int compressedKind;
  private final PageCodec codec;

  /** {@code compressedKind}: of the entries of what {@code codec} compresses. */
  Packing(int compressedKind, PageCodec codec) {
    this.compressedKind = compressedKind;
    this.codec = codec;
  }

  /**
   * Packs a page into at most {@code limit} bytes at {@code target + at}.
   *
   * @return the bytes written, or 0 if the page is to be stored as it is
   */
  int pack(MemorySegment source, long offset, MemorySegment target, long at, int limit) {
    return codec.compress(source, offset, target, at, limit);
  }

  /** The {@linkplain PageEntry kind} of what was packed into so many bytes. */
  int kind(int packedLength) {
    return packedLength == 0 ? PageEntry.RAW : compressedKind;
  }
}
