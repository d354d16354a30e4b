package io.zublk.codec;

import java.util.Optional;

/**
 * What pages are packed with when they are written, which users call the algorithm of a device:
 * {@code lz4}, {@code zstd}, {@code zstd(level=3)} or {@code none}; {@code line}; or {@code
 * line+lz4}, {@code line+zstd} and {@code line+zstd(level=3)}, which take for each page {@code
 * line} if that suits it, and the other codec if not. Any store reads what any of them wrote.
 *
 * @param lineFirst whether {@link Algorithm#LINE} is tried on each page before {@code rest}
 * @param rest what packs the pages that are left; {@code none} leaves them as they are
 */
public record PackingSpec(boolean lineFirst, CodecSpec rest) {

  /** What {@link #parse} takes, for people. */
  public static final String ALLOWED =
      "lz4, line, line+lz4, line+zstd, line+zstd(level=N), zstd, zstd(level=N), none and auto";

  /** Stands for what {@link AutoPacking} says. */
  public static final String AUTO = "auto";

  private static final String LINE = Algorithm.LINE.label();
  private static final String LINE_FIRST = LINE + "+";
  private static final CodecSpec NONE = CodecSpec.of(Algorithm.NONE);

  /** Checks that {@code line} comes first or not at all. */
  public PackingSpec {
    if (rest.algorithm() == Algorithm.LINE) {
      throw new IllegalArgumentException("line comes first, or not at all");
    }
  }

  /** One codec, at its default level. */
  public static PackingSpec of(Algorithm algorithm) {
    return algorithm == Algorithm.LINE
        ? new PackingSpec(true, NONE)
        : new PackingSpec(false, CodecSpec.of(algorithm));
  }

  /**
   * Reads what {@link #toString} writes. {@code zstd} alone means its default level, {@link #AUTO}
   * what suits this machine.
   *
   * @throws IllegalArgumentException with one line for the user
   */
  public static PackingSpec parse(String text) {
    if (text.equals(AUTO)) {
      return AutoPacking.ofThisMachine().packing();
    }
    if (text.equals(LINE)) {
      return of(Algorithm.LINE);
    }
    boolean lineFirst = text.startsWith(LINE_FIRST);
    return CodecSpec.find(lineFirst ? text.substring(LINE_FIRST.length()) : text)
        .filter(rest -> rest.algorithm() != Algorithm.LINE)
        .filter(rest -> !lineFirst || !rest.equals(NONE))
        .map(rest -> new PackingSpec(lineFirst, rest))
        .orElseThrow(() ->
            new IllegalArgumentException(
                "unknown algorithm '" + text + "'; allowed are " + ALLOWED));
  }

  /** Why this machine cannot run it, in one line for the user; empty if it can. */
  public Optional<String> unusable() {
    return rest.unusable();
  }

  @Override
  public String toString() {
    if (!lineFirst) {
      return rest.toString();
    }
    return rest.equals(NONE) ? LINE : LINE_FIRST + rest;
  }
}
