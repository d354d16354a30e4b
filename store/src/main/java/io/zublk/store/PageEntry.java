package io.zublk.store;

/**
 * The 64-bit page-table entry, packed and unpacked without objects.
 *
 * <pre>
 *   63    60 59  58      49 48                                              0
 *  +--------+---+----------+-------------------------------------------------+
 *  | kind   | L | check    | FILL     word, 48 bits, sign-extended           |
 *  |        |   |          | REPEAT   the 32 bits that the word has twice    |
 *  |        |   |          | objects  length - 1 : 12, location / 16 : 37    |
 *  +--------+---+----------+-------------------------------------------------+
 *  | RAW,   | L | check : 6 | checksum : 24     | location / 4096 : 29       |
 *  | STAGED |   |           |                   |                            |
 *  +--------+---+-----------+-------------------+----------------------------+
 * </pre>
 *
 * <p>{@code L} is the lock bit. {@code check} is a hash of the page number and all other bits: an
 * entry that was damaged, or that belongs to another page, is told apart from a good one. An absent
 * page is all zeros, so that a fresh file is an empty table.
 *
 * <p>A word of 64 free bits cannot fit an entry of 64 bits that has other states besides. Words
 * that repeat 32 bits or sign-extend from 48 (zeros, byte patterns, small numbers, user-space
 * pointers) cost their entry only; the rest is a {@link #WORD}, eight bytes in the arena.
 */
final class PageEntry {

  /** Never written, or discarded: reads as zeros. */
  static final int ABSENT = 0;

  /** One 64-bit word throughout, which sign-extends from 48 bits. */
  static final int FILL = 1;

  /** One 64-bit word throughout, whose halves are equal. */
  static final int REPEAT = 2;

  /** One 64-bit word throughout, of any other value: the word is in the arena. */
  static final int WORD = 3;

  /** Stored as it is, because it does not shrink. */
  static final int RAW = 4;

  /** Compressed by LZ4. */
  static final int LZ4 = 5;

  /** Compressed by Zstandard. */
  static final int ZSTD = 6;

  /** Lost: its entry named memory that belongs to another page. Reads fail until it is written. */
  static final int LOST = 7;

  /** Written but not compressed yet: the page is in the staging area. */
  static final int STAGED = 8;

  private static final int KIND_SHIFT = 60;
  private static final int CHECK_SHIFT = 49;
  private static final long CHECK_MASK = 0x3ffL << CHECK_SHIFT;
  private static final int LENGTH_SHIFT = 37;
  private static final long LOCATION_MASK = (1L << LENGTH_SHIFT) - 1;
  private static final int LOCATION_UNIT_SHIFT = 4;
  private static final int FILL_BITS = 48;
  private static final long FILL_MASK = (1L << FILL_BITS) - 1;
  private static final int RAW_LOCATION_BITS = 29;
  private static final long RAW_LOCATION_MASK = (1L << RAW_LOCATION_BITS) - 1;
  private static final int RAW_CHECKSUM_MASK = (1 << 24) - 1;
  private static final int RAW_CHECK_SHIFT = 53;
  private static final long RAW_CHECK_MASK = 0x3fL << RAW_CHECK_SHIFT;

  /** Set while one thread relies on the entry staying as it is. */
  static final long LOCK = 1L << 59;

  /** Bytes that locations of 37 bits in units of 16, or 29 bits in units of 4096, can address. */
  static final long MAX_ARENA_BYTES = 1L << 41;

  private PageEntry() {}

  static int kind(long entry) {
    return (int) (entry >>> KIND_SHIFT);
  }

  static boolean isLocked(long entry) {
    return (entry & LOCK) != 0;
  }

  /** Whether all words of the page are equal: zram counts such pages as {@code same_pages}. */
  static boolean isSame(long entry) {
    int kind = kind(entry);
    return kind >= FILL && kind <= WORD;
  }

  /** Whether the entry points at bytes in the arena. */
  static boolean isStored(long entry) {
    int kind = kind(entry);
    return kind >= WORD && kind <= ZSTD;
  }

  /** Whether what the entry points at stays there only as long as the entry does. */
  static boolean needsLock(long entry) {
    return isStored(entry) || kind(entry) == STAGED;
  }

  /** Whether the entry carries a page of 4096 bytes and the checksum of it. */
  static boolean isWhole(long entry) {
    int kind = kind(entry);
    return kind == RAW || kind == STAGED;
  }

  /** Whether an entry of this word costs no arena memory. */
  static boolean fitsInEntry(long word) {
    return word == signExtend(word) || (int) word == (int) (word >>> 32);
  }

  /** The entry of a page of equal words; {@link #fitsInEntry} must hold for the word. */
  static long ofFill(long page, long word) {
    if (word == signExtend(word)) {
      return withCheck(page, ((long) FILL << KIND_SHIFT) | (word & FILL_MASK));
    }
    return withCheck(page, ((long) REPEAT << KIND_SHIFT) | (word & 0xffff_ffffL));
  }

  /** The word of a {@link #FILL} or {@link #REPEAT} entry. */
  static long fillWord(long entry) {
    if (kind(entry) == FILL) {
      return signExtend(entry);
    }
    return (entry & 0xffff_ffffL) * 0x1_0000_0001L;
  }

  /** The entry of a page whose bytes are lost. */
  static long ofLost(long page) {
    return withCheck(page, (long) LOST << KIND_SHIFT);
  }

  /**
   * The entry of an object in the arena.
   *
   * @param length of the object in bytes, without its checksum, 1 to 4096
   * @param location from the arena's start, a multiple of 16 below {@link #MAX_ARENA_BYTES}
   */
  static long ofObject(long page, int kind, int length, long location) {
    return withCheck(
        page,
        ((long) kind << KIND_SHIFT)
            | ((long) (length - 1) << LENGTH_SHIFT)
            | (location >>> LOCATION_UNIT_SHIFT));
  }

  /**
   * The entry of a page stored as it is. A full page leaves no room for a checksum beside it, and
   * needs no length, so the entry itself has room for the checksum.
   *
   * @param location from the arena's start, a multiple of 4096
   */
  static long ofRaw(long page, int checksum, long location) {
    return ofWhole(page, RAW, checksum, location);
  }

  /** The entry of a staged page; its location is in bytes from the staging area's start. */
  static long ofStaged(long page, int checksum, long location) {
    return ofWhole(page, STAGED, checksum, location);
  }

  private static long ofWhole(long page, int kind, int checksum, long location) {
    return withCheck(
        page,
        ((long) kind << KIND_SHIFT)
            | ((long) (checksum & RAW_CHECKSUM_MASK) << RAW_LOCATION_BITS)
            | (location >>> 12));
  }

  /** Whether a {@link #RAW} or {@link #STAGED} entry has this checksum: 24 bits of it tell. */
  static boolean checksumMatches(long entry, int checksum) {
    return ((int) (entry >>> RAW_LOCATION_BITS) & RAW_CHECKSUM_MASK)
        == (checksum & RAW_CHECKSUM_MASK);
  }

  /** The object's length in bytes, without its checksum. */
  static int length(long entry) {
    return isWhole(entry) ? 4096 : ((int) (entry >>> LENGTH_SHIFT) & 0xfff) + 1;
  }

  /** The place in bytes from the start of the arena, or of the staging area. */
  static long location(long entry) {
    return isWhole(entry)
        ? (entry & RAW_LOCATION_MASK) << 12
        : (entry & LOCATION_MASK) << LOCATION_UNIT_SHIFT;
  }

  /** Whether the entry is one that this page can have; the lock bit does not matter. */
  static boolean isValid(long page, long entry) {
    long unlocked = entry & ~LOCK;
    int kind = kind(unlocked);
    if (kind == ABSENT) {
      return unlocked == 0;
    }
    return kind <= STAGED && withCheck(page, unlocked & ~checkMask(unlocked)) == unlocked;
  }

  private static long checkMask(long entry) {
    return isWhole(entry) ? RAW_CHECK_MASK : CHECK_MASK;
  }

  private static long signExtend(long word) {
    return (word << (Long.SIZE - FILL_BITS)) >> (Long.SIZE - FILL_BITS);
  }

  private static long withCheck(long page, long bits) {
    // Two rounds of multiply and fold (the constants are those of MurmurHash3's finalizer).
    long h = (bits ^ (page * 0x9e37_79b9_7f4a_7c15L)) * 0xff51_afd7_ed55_8ccdL;
    h = (h ^ (h >>> 33)) * 0xc4ce_b9fe_1a85_ec53L;
    long check = isWhole(bits) ? (h >>> 58) << RAW_CHECK_SHIFT : (h >>> 54) << CHECK_SHIFT;
    return bits | check;
  }
}
