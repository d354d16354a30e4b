package io.zublk.store.table;

import io.zublk.block.Geometry;
import io.zublk.store.file.StoreLayout;

/**
 * The 64-bit page-table entry, packed and unpacked without objects.
 *
 * <pre>
 *   63    60 59  58                                           10 9            0
 *  +--------+---+-----------------------------------------------+--------------+
 *  | kind   | L | FILL     word, 48 bits, sign-extended         | check : 10   |
 *  |        |   | REPEAT   the 32 bits that the word has twice  |              |
 *  |        |   | objects  length : 12, location / 16 : 37      |              |
 *  +--------+---+-----------------------------------------------+----+---------+
 *  | RAW,   | L | checksum : 24, location / 4096 : 29                | check : |
 *  | STAGED |   |                                                    |       6 |
 *  +--------+---+----------------------------------------------------+---------+
 * </pre>
 *
 * <p>{@code L} is the lock bit. {@link EntryCheck} tells a good entry from a damaged one and from
 * another page's. An absent page is all zeros, so that a fresh file is an empty table. The check
 * cannot tell zeros from an entry that lost its last bits, so the numbers of kinds see to that: no
 * entry becomes all zeros by one flipped bit, and by two only one that means zeros anyway.
 *
 * <p>A word of 64 free bits cannot fit an entry of 64 bits that has other states besides. Words
 * that repeat 32 bits or sign-extend from 48 (zeros, byte patterns, small numbers, user-space
 * pointers) cost their entry only; the rest is a {@link #WORD}, eight bytes in the arena.
 *
 * <p>Of the numbers of kinds, those with one bit would not survive a flip of it, 15 is how negative
 * error numbers begin, and all others have a meaning. Codecs to come, and dictionaries, are named
 * at the head of the object, as in one that is {@linkplain #PADDED padded}: there is room for any
 * number.
 */
public final class PageEntry {

  /** Never written, or discarded: reads as zeros. */
  public static final int ABSENT = 0;

  // Two bits set: the rest of such an entry is not zero, but for a FILL of zeros.

  /** One 64-bit word throughout, which sign-extends from 48 bits. */
  public static final int FILL = 0b0011;

  /** One 64-bit word throughout, whose halves are equal. */
  public static final int REPEAT = 0b0101;

  /** One 64-bit word throughout, of any other value: the word is in the arena. */
  public static final int WORD = 0b0110;

  /** Compressed by LZ4. */
  public static final int LZ4 = 0b1001;

  /** Compressed by Zstandard. */
  public static final int ZSTD = 0b1010;

  /** An object in a slot larger than its own: what it is, and its length, stand before it. */
  public static final int PADDED = 0b1100;

  // Three bits set: the rest may be zero, but for a LINE, which has a length.

  /** Compressed as lines. */
  public static final int LINE = 0b1110;

  /** Stored as it is, because it does not shrink. */
  public static final int RAW = 0b0111;

  /** Written but not compressed yet: the page is in the staging area. */
  public static final int STAGED = 0b1011;

  /** Lost: its entry named memory that belongs to another page. Reads fail until it is written. */
  public static final int LOST = 0b1101;

  /** Kinds whose entry may be zeros but for its kind. */
  private static final int BARE_KINDS = (1 << FILL) | (1 << RAW) | (1 << STAGED) | (1 << LOST);

  private static final int KINDS =
      BARE_KINDS
          | (1 << REPEAT)
          | (1 << WORD)
          | (1 << LZ4)
          | (1 << ZSTD)
          | (1 << PADDED)
          | (1 << LINE);

  private static final int KIND_SHIFT = 60;
  private static final int FILL_SHIFT = EntryCheck.LONG_BITS;
  private static final int FILL_BITS = 48;
  private static final long FILL_MASK = (1L << FILL_BITS) - 1;
  private static final int LOCATION_SHIFT = EntryCheck.LONG_BITS;
  private static final int LOCATION_BITS = 37;
  private static final int LOCATION_UNIT_SHIFT = 4;
  private static final int LENGTH_SHIFT = LOCATION_SHIFT + LOCATION_BITS;
  private static final int LENGTH_BITS = 12;

  /** With the four bytes of its checksum, an object that is longer would not shrink its page. */
  private static final int MAX_LENGTH = Geometry.PAGE_BYTES - 4;

  private static final int WHOLE_LOCATION_SHIFT = EntryCheck.SHORT_BITS;
  private static final int WHOLE_LOCATION_BITS = 29;
  private static final int WHOLE_LOCATION_UNIT_SHIFT = 12;
  private static final int CHECKSUM_SHIFT = WHOLE_LOCATION_SHIFT + WHOLE_LOCATION_BITS;
  private static final int CHECKSUM_BITS = 24;
  private static final int CHECKSUM_MASK = (1 << CHECKSUM_BITS) - 1;

  /** Set while one thread relies on the entry staying as it is. */
  public static final long LOCK = 1L << 59;

  static {
    assert LOCK == 1L << (KIND_SHIFT - 1);
    assert LOCK == 1L << (LENGTH_SHIFT + LENGTH_BITS);
    assert LOCK == 1L << (CHECKSUM_SHIFT + CHECKSUM_BITS);
    assert LOCK >= 1L << (FILL_SHIFT + FILL_BITS);
    assert StoreLayout.ENTRY_BYTES == Long.BYTES;
    assert StoreLayout.MAX_ARENA_BYTES <= 1L << (LOCATION_BITS + LOCATION_UNIT_SHIFT);
    assert StoreLayout.MAX_ARENA_BYTES <= 1L << (WHOLE_LOCATION_BITS + WHOLE_LOCATION_UNIT_SHIFT);
  }

  private PageEntry() {}

  public static int kind(long entry) {
    return (int) (entry >>> KIND_SHIFT);
  }

  static boolean isLocked(long entry) {
    return (entry & LOCK) != 0;
  }

  /** Whether the entry points at bytes in the arena. */
  public static boolean isStored(long entry) {
    int kind = kind(entry);
    return (kind >= WORD && kind <= ZSTD) || kind == PADDED || kind == LINE;
  }

  /** Whether what the entry points at stays there only as long as the entry does. */
  public static boolean needsLock(long entry) {
    return isStored(entry) || kind(entry) == STAGED;
  }

  /** Whether the entry carries a page of 4096 bytes and the checksum of it. */
  public static boolean isWhole(long entry) {
    int kind = kind(entry);
    return kind == RAW || kind == STAGED;
  }

  /** Whether an entry of this word costs no arena memory. */
  public static boolean fitsInEntry(long word) {
    return word == signExtend(word) || (int) word == (int) (word >>> 32);
  }

  /** The entry of a page of equal words; {@link #fitsInEntry} must hold for the word. */
  public static long ofFill(long page, long word) {
    if (word == signExtend(word)) {
      return withCheck(page, ((long) FILL << KIND_SHIFT) | ((word & FILL_MASK) << FILL_SHIFT));
    }
    return withCheck(page, ((long) REPEAT << KIND_SHIFT) | ((word & 0xffff_ffffL) << FILL_SHIFT));
  }

  /** The word of a {@link #FILL} or {@link #REPEAT} entry. */
  public static long fillWord(long entry) {
    if (kind(entry) == FILL) {
      return signExtend(entry >>> FILL_SHIFT);
    }
    return ((entry >>> FILL_SHIFT) & 0xffff_ffffL) * 0x1_0000_0001L;
  }

  /** The entry of a page whose bytes are lost. */
  public static long ofLost(long page) {
    return withCheck(page, (long) LOST << KIND_SHIFT);
  }

  /**
   * The entry of an object in the arena.
   *
   * @param length of the object in bytes, without its checksum, 1 to 4095
   * @param location from the arena's start, a multiple of 16 below {@link
   *     StoreLayout#MAX_ARENA_BYTES}
   */
  public static long ofObject(long page, int kind, int length, long location) {
    return withCheck(
        page,
        ((long) kind << KIND_SHIFT)
            | ((long) length << LENGTH_SHIFT)
            | ((location >>> LOCATION_UNIT_SHIFT) << LOCATION_SHIFT));
  }

  /**
   * The entry of a page stored as it is. A full page leaves no room for a checksum beside it, and
   * needs no length, so the entry itself has room for the checksum.
   *
   * @param location from the arena's start, a multiple of 4096
   */
  public static long ofRaw(long page, int checksum, long location) {
    return ofWhole(page, RAW, checksum, location);
  }

  /** The entry of a staged page; its location is in bytes from the staging area's start. */
  public static long ofStaged(long page, int checksum, long location) {
    return ofWhole(page, STAGED, checksum, location);
  }

  private static long ofWhole(long page, int kind, int checksum, long location) {
    return withCheck(
        page,
        ((long) kind << KIND_SHIFT)
            | ((long) (checksum & CHECKSUM_MASK) << CHECKSUM_SHIFT)
            | ((location >>> WHOLE_LOCATION_UNIT_SHIFT) << WHOLE_LOCATION_SHIFT));
  }

  /** Whether a {@link #RAW} or {@link #STAGED} entry has this checksum: 24 bits of it tell. */
  public static boolean checksumMatches(long entry, int checksum) {
    return ((int) (entry >>> CHECKSUM_SHIFT) & CHECKSUM_MASK) == (checksum & CHECKSUM_MASK);
  }

  /** The object's length in bytes, without its checksum. */
  public static int length(long entry) {
    return isWhole(entry) ? 4096 : (int) bits(entry, LENGTH_SHIFT, LENGTH_BITS);
  }

  /** The place in bytes from the start of the arena, or of the staging area. */
  public static long location(long entry) {
    return isWhole(entry)
        ? bits(entry, WHOLE_LOCATION_SHIFT, WHOLE_LOCATION_BITS) << WHOLE_LOCATION_UNIT_SHIFT
        : bits(entry, LOCATION_SHIFT, LOCATION_BITS) << LOCATION_UNIT_SHIFT;
  }

  /** Whether the entry is one that this page can have; the lock bit does not matter. */
  public static boolean isValid(long page, long entry) {
    int kind = kind(entry);
    boolean isBare = (entry & (LOCK - 1)) == 0;
    if (kind == ABSENT) {
      return isBare;
    }
    int kinds = isBare ? BARE_KINDS : KINDS;
    return ((kinds >>> kind) & 1) != 0
        && EntryCheck.of(page, entry, isWhole(entry)) == 0
        && (!isStored(entry) || isWhole(entry) || length(entry) <= MAX_LENGTH);
  }

  private static long withCheck(long page, long bits) {
    return bits | EntryCheck.of(page, bits, isWhole(bits));
  }

  private static long bits(long entry, int shift, int count) {
    return (entry >>> shift) & ((1L << count) - 1);
  }

  private static long signExtend(long word) {
    return (word << (Long.SIZE - FILL_BITS)) >> (Long.SIZE - FILL_BITS);
  }
}
