package io.zublk.codec;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** Pages that are one 64-bit word, repeated: zero pages above all. They need no codec. */
public final class PageFill {

  private static final int LAST = PageCodec.PAGE_BYTES - Long.BYTES;

  private PageFill() {}

  /**
   * Is the page at {@code offset} one repeated word? Then the word is the first one, in native byte
   * order. Looks at the last word first, like {@code page_same_filled} in drivers/block/zram: many
   * pages that begin with a long run of zeros do not end so.
   */
  public static boolean isFilled(MemorySegment segment, long offset) {
    long word = segment.get(JAVA_LONG_UNALIGNED, offset);
    if (segment.get(JAVA_LONG_UNALIGNED, offset + LAST) != word) {
      return false;
    }
    for (int i = Long.BYTES; i < LAST; i += Long.BYTES) {
      if (segment.get(JAVA_LONG_UNALIGNED, offset + i) != word) {
        return false;
      }
    }
    return true;
  }

  /** Fills the page at {@code offset} with {@code word}, in native byte order. */
  public static void fill(MemorySegment segment, long offset, long word) {
    for (int i = 0; i <= LAST; i += Long.BYTES) {
      segment.set(JAVA_LONG_UNALIGNED, offset + i, word);
    }
  }
}
