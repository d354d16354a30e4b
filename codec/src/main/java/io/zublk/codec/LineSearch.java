package io.zublk.codec;

/**
 * How encoders choose what predicts a line. A decoder does not care; it is said here once so that
 * all encoders make the same object of a page.
 *
 * <p>Candidates are zeros, the distance that was used last, and for each of the line's words the
 * place where a word of the same hash was last seen, at the same place in its line. The best is
 * that with the fewest differing bytes, among equals the nearest, and zeros are nearer than all.
 *
 * <p>As a word is looked up, its own place is entered. The words take turns from the last to the
 * first, so that of equal ones in a line the last still finds one in an earlier line, and the first
 * is what later lines find: from the first to the last, objects are 1.3 % larger.
 *
 * <p>The hash is of a word's low half: the high half, which pointers into the same memory share,
 * would tell nothing, and with the whole word fewer are found. A candidate that is none, because
 * its place in the table is empty, another word's, or too near or too far away, is clamped to a
 * distance that exists: looking at it costs less than a branch.
 */
final class LineSearch {

  private static final int HASH_BITS = 10;
  private static final int HASH_SHIFT = Integer.SIZE - HASH_BITS;
  private static final int HASH_FACTOR = 0x9E3779B1; // 2^32 / golden ratio, odd

  /** A place in the page, in 2 bytes, for each hash; zeros at first. */
  static final int TABLE_BYTES = Short.BYTES << HASH_BITS;

  /** The distance that was used last, when none was. */
  static final int FIRST_DISTANCE = LineFormat.MIN_DISTANCE;

  /** How a score holds differing bytes and distance. */
  private static final int SCORE_SHIFT = 16;

  /**
   * When it is asked whether to go on: late enough to tell, early enough to save most of the work.
   */
  static final int JUDGED_LINE = 20;

  private LineSearch() {}

  /** Where in the table a word's place is. */
  static long slot(long word) {
    return (long) (((int) word * HASH_FACTOR) >>> HASH_SHIFT) * Short.BYTES;
  }

  /** The nearest distance to {@code distance} that the line at {@code position} may have. */
  static int clamp(int distance, int position) {
    int most = Math.min(position, LineFormat.MAX_DISTANCE);
    return Math.max(LineFormat.MIN_DISTANCE, Math.min(distance, most));
  }

  /** What is to be as small as possible. */
  static int score(int differingBytes, int distance) {
    return (differingBytes << SCORE_SHIFT) | distance;
  }

  /** The distance of a score. */
  static int distance(int score) {
    return score & ((1 << SCORE_SHIFT) - 1);
  }

  /**
   * Whether a page with so many literals in its first {@link #JUDGED_LINE} lines is given up: if it
   * went on so, its literals alone would be more than {@code limit}. Measured with a limit of 2400
   * bytes, where the stores' is 2000, that is half to all of the pages which would not fit. Of
   * those that would, 0.03 to 2 % are given up too; they would have come close to the limit, and
   * another codec does not do them worse.
   */
  static boolean isHopeless(int literals, int limit) {
    return (long) literals * LineFormat.LINES > (long) limit * JUDGED_LINE;
  }
}
