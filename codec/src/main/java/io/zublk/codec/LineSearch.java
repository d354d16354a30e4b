package io.zublk.codec;

/**
 * How encoders choose what predicts a line. A decoder does not care; it is said here once so that
 * all encoders make the same object of a page.
 *
 * <p>Candidates are zeros, the distance that was used last, and for each of the line's words the
 * place where a word of the same hash was last seen, at the same place in its line. The best is
 * that with the fewest differing bytes, among equals the nearest, and zeros are nearer than all.
 *
 * <p>The hash is of a word's low half: of the high half, which pointers into the same memory share,
 * it would tell nothing, and of the whole word it finds less. A candidate that is none, because its
 * place in the table is empty, another word's, or too near or too far away, is clamped to a
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
   * Whether a page with so many literals in its first {@link #JUDGED_LINE} lines is given up: its
   * literals alone would be an eighth more than {@code limit} if it went on so. Of pages that are
   * given up wrongly little is lost, for they would have come close to the limit.
   */
  static boolean isHopeless(int literals, int limit) {
    return literals * LineFormat.LINES > (limit + limit / 8) * JUDGED_LINE;
  }
}
