package io.zublk.store.table;

/**
 * The check bits of page-table entries: a cyclic redundancy check of all other bits, mixed with the
 * page number.
 *
 * <p>An entry without its lock bit is 63 bits, and its check bits are the lowest. For so many, no
 * check of 6 bits does better than to find every flip of two bits, as all primitive polynomials do,
 * and none of 10 bits better than three (Koopman, "Best CRC Polynomials": HD=3 up to 57 bits of
 * data, HD=4 up to 501, HD=5 up to 21). The longer polynomial is a multiple of the shorter one, so
 * that a flip which changes the kind of an entry, and with it the length of its check, is found as
 * well. Of all such pairs this one misses the fewest flips of four bits: 621 of 595665.
 */
final class EntryCheck {

  /** x^6 + x^4 + x^3 + x + 1, primitive. */
  static final int SHORT_POLYNOMIAL = 0x5b;

  /** The same times x^4 + x + 1. */
  static final int LONG_POLYNOMIAL = 0x55d;

  static final int SHORT_BITS = 6;
  static final int LONG_BITS = 10;

  private static final int SHORT_MASK = (1 << SHORT_BITS) - 1;

  /** 2^64 divided by the golden ratio: its multiples are as far apart as can be. */
  private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;

  /** The remainder of every value of every byte of an entry. */
  private static final char[] REMAINDERS = remainders();

  /** The short remainder of the upper four bits of a long one. */
  private static final byte[] SHORT_REMAINDERS = shortRemainders();

  private EntryCheck() {}

  /**
   * The check of an entry whose check bits are zeros; zero if they are the right ones. The lock bit
   * does not matter. Pages up to 600 apart never have the same long check of the same entry.
   */
  static int of(long page, long entry, boolean isShort) {
    int check = (int) ((page * SPREAD) >>> (Long.SIZE - LONG_BITS)) ^ remainder(entry);
    return isShort ? (check & SHORT_MASK) ^ SHORT_REMAINDERS[check >>> SHORT_BITS] : check;
  }

  private static int remainder(long entry) {
    return REMAINDERS[(int) entry & 0xff]
        ^ REMAINDERS[0x100 + ((int) (entry >>> 8) & 0xff)]
        ^ REMAINDERS[0x200 + ((int) (entry >>> 16) & 0xff)]
        ^ REMAINDERS[0x300 + ((int) (entry >>> 24) & 0xff)]
        ^ REMAINDERS[0x400 + ((int) (entry >>> 32) & 0xff)]
        ^ REMAINDERS[0x500 + ((int) (entry >>> 40) & 0xff)]
        ^ REMAINDERS[0x600 + ((int) (entry >>> 48) & 0xff)]
        ^ REMAINDERS[0x700 + ((int) (entry >>> 56) & 0xff)];
  }

  private static char[] remainders() {
    char[] table = new char[Long.BYTES << 8];
    int power = 1; // of x, modulo the polynomial
    for (int bit = 0; bit < Long.SIZE; bit++) {
      if (1L << bit == PageEntry.LOCK) {
        continue; // not part of what is checked
      }
      for (int value = 0; value < 256; value++) {
        if (((value >>> (bit & 7)) & 1) != 0) {
          table[((bit >>> 3) << 8) + value] ^= (char) power;
        }
      }
      power = timesX(power, LONG_POLYNOMIAL, LONG_BITS);
    }
    return table;
  }

  private static byte[] shortRemainders() {
    byte[] table = new byte[1 << (LONG_BITS - SHORT_BITS)];
    int power = SHORT_POLYNOMIAL & SHORT_MASK; // x^6
    for (int bit = 0; bit < LONG_BITS - SHORT_BITS; bit++) {
      for (int value = 0; value < table.length; value++) {
        if (((value >>> bit) & 1) != 0) {
          table[value] ^= (byte) power;
        }
      }
      power = timesX(power, SHORT_POLYNOMIAL, SHORT_BITS);
    }
    return table;
  }

  private static int timesX(int remainder, int polynomial, int bits) {
    int shifted = remainder << 1;
    return (shifted >>> bits) == 0 ? shifted : shifted ^ polynomial;
  }
}
