package io.zublk.store.save;

import io.zublk.block.Geometry;
import io.zublk.store.page.PageSink;
import io.zublk.store.table.PageEntry;

/** Where everything lies in a save file, in bytes: docs/formats/save.md says what it means. */
final class SaveFormat {

  static final long MAGIC = 0x5641_534b_4c42_555aL; // "ZUBLKSAV"
  static final int VERSION = 1;

  static final int HEADER_BYTES = 128;
  static final int HEADER_VERSION = 8;
  static final int HEADER_ID = 16;
  static final int HEADER_PAGES = 24;
  static final int HEADER_TIME = 32;
  static final int HEADER_PACKING = 40;
  static final int HEADER_PACKING_BYTES = 40;
  static final int HEADER_CHECKSUM = 124;

  // The head of a block.
  static final int BLOCK_HEAD_BYTES = 32;
  static final int BLOCK_CHECKSUM = 0;
  static final int BLOCK_PAGES = 4;
  static final int BLOCK_BYTES = 8;
  static final int BLOCK_NUMBER = 12;
  static final int BLOCK_ID = 16;
  static final int BLOCK_FIRST_PAGE = 24;

  static final int WORD_BYTES = Long.BYTES;

  /** Pages of a block. Its memory bounds what a reader takes, and its head is a hundredth of it. */
  static final int MOST_PAGES = 256;

  static final int MOST_OBJECT_BYTES = MOST_PAGES * Geometry.PAGE_BYTES;
  static final int MOST_BLOCK_BYTES =
      BLOCK_HEAD_BYTES + MOST_OBJECT_BYTES + MOST_PAGES * WORD_BYTES;

  /** The last block has no pages, but says how many there are, and the checksum of checksums. */
  static final int END_BYTES = 16;

  // A page's word.
  private static final int KIND_SHIFT = 60;
  private static final int FILL_BITS = 48;
  private static final long FILL_MASK = (1L << FILL_BITS) - 1;
  private static final long LENGTH_MASK = (1L << 13) - 1;

  private SaveFormat() {}

  static int kind(long word) {
    return (int) (word >>> KIND_SHIFT);
  }

  static long lost() {
    return (long) PageEntry.LOST << KIND_SHIFT;
  }

  static long ofObject(int kind, int length) {
    return (long) kind << KIND_SHIFT | length;
  }

  static int length(long word) {
    return (int) (word & LENGTH_MASK);
  }

  /** The word of a page that is {@code fill} throughout, which {@link PageEntry#fitsInEntry}. */
  static long ofFill(long fill) {
    if (fill << (Long.SIZE - FILL_BITS) >> (Long.SIZE - FILL_BITS) == fill) {
      return (long) PageEntry.FILL << KIND_SHIFT | (fill & FILL_MASK);
    }
    return (long) PageEntry.REPEAT << KIND_SHIFT | (fill & 0xffff_ffffL);
  }

  static long fill(long word) {
    return kind(word) == PageEntry.FILL
        ? word << (Long.SIZE - FILL_BITS) >> (Long.SIZE - FILL_BITS)
        : (word & 0xffff_ffffL) * 0x1_0000_0001L;
  }

  /** Whether a page has such a word: then its other bits are zeros. */
  static boolean isValid(long word) {
    int kind = kind(word);
    return switch (kind) {
      case PageEntry.ABSENT -> word == 0;
      case PageEntry.LOST -> word == lost();
      case PageEntry.FILL, PageEntry.REPEAT -> word == ofFill(fill(word));
      default -> word == ofObject(kind, length(word)) && PageSink.isPacked(kind, length(word));
    };
  }

  /** The bytes of the page's object. */
  static int objectBytes(long word) {
    return switch (kind(word)) {
      case PageEntry.ABSENT, PageEntry.LOST, PageEntry.FILL, PageEntry.REPEAT -> 0;
      default -> length(word);
    };
  }
}
