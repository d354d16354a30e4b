package io.zublk.daemon;

import io.zublk.fuzz.Runs;
import java.nio.charset.StandardCharsets;

/** Sizes as users write them: a number of bytes, or one clear line. */
@Runs(150_000)
public final class SizeFuzz {

  private static final long RAM_BYTES = 24L << 30;

  private SizeFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    String text = new String(data, StandardCharsets.UTF_8);
    try {
      long bytes = SizeExpression.parse(text, RAM_BYTES);
      if (bytes < 0) {
        throw new AssertionError("a size of " + bytes);
      }
    } catch (UserException e) {
      if (UserException.lineFor(e).isBlank()) {
        throw new AssertionError("refused without a word", e);
      }
    }
  }
}
