package io.zublk.daemon;

import io.zublk.fuzz.Runs;
import java.nio.charset.StandardCharsets;

/** Sizes as users write them: a number of bytes, or one clear line. */
@Runs(150_000)
public final class SizeFuzz {

  private static final long RAM_BYTES = 24L << 30;

  /** As much as an expression may have, without {@code min()}. */
  private static final int LONGEST_IN_BRACKETS = 195;

  private SizeFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    String text = new String(data, StandardCharsets.UTF_8);
    try {
      long bytes = SizeExpression.parse(text, RAM_BYTES);
      if (bytes < 0) {
        throw new AssertionError("a size of " + bytes);
      }
      check(Long.toString(bytes), bytes);
      if (text.length() <= LONGEST_IN_BRACKETS) {
        check("(" + text + ")", bytes);
        check("min(" + text + ")", bytes - bytes % 4096);
      }
    } catch (UserException e) {
      if (UserException.lineFor(e).isBlank()) {
        throw new AssertionError("refused without a word", e);
      }
    }
  }

  /** A size that is written in another way is the same. */
  private static void check(String text, long expected) {
    long bytes = SizeExpression.parse(text, RAM_BYTES);
    if (bytes != expected) {
      throw new AssertionError("%s is %d, not %d".formatted(text, bytes, expected));
    }
  }
}
