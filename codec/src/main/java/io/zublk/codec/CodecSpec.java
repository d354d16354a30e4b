package io.zublk.codec;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One codec: {@code lz4}, {@code line}, {@code zstd}, {@code zstd(level=3)} or {@code none}. What
 * users choose is a {@link PackingSpec}.
 *
 * @param level for zstd {@link #MIN_ZSTD_LEVEL} to {@link #MAX_ZSTD_LEVEL} but not 0, otherwise 0
 */
public record CodecSpec(Algorithm algorithm, int level) {

  /**
   * Already here lz4 is as fast and far denser; further down most pages would not shrink at all.
   */
  public static final int MIN_ZSTD_LEVEL = -20;

  /** {@code ZSTD_maxCLevel()} of zstd 1.5. */
  public static final int MAX_ZSTD_LEVEL = 22;

  /** The level of a plain {@code zstd}: {@code ZSTD_CLEVEL_DEFAULT}, as in kernel zram. */
  public static final int DEFAULT_ZSTD_LEVEL = 3;

  /** Looked up when it is first asked for, and once: every channel opens a codec. */
  private static final class Lz4Cpu {
    /** Of what lz4-java compiles its library for beyond x86-64 (x86-64-v3); elsewhere nothing. */
    static final List<String> MISSING = CpuFeatures.missing(List.of("avx2", "bmi1", "bmi2"));
  }

  private static final Pattern SYNTAX =
      Pattern.compile("([a-z0-9]+)(?:\\(level=([+-]?\\d{1,9})\\))?");

  /** Checks the level. */
  public CodecSpec {
    if (algorithm != Algorithm.ZSTD && level != 0) {
      throw new IllegalArgumentException(algorithm.label() + " has no levels; only zstd has");
    }
    if (algorithm == Algorithm.ZSTD
        && (level == 0 || level < MIN_ZSTD_LEVEL || level > MAX_ZSTD_LEVEL)) {
      throw new IllegalArgumentException(
          "zstd has no level %d; allowed are %d to -1 and 1 to %d"
              .formatted(level, MIN_ZSTD_LEVEL, MAX_ZSTD_LEVEL));
    }
  }

  /** An algorithm at its default level. */
  public static CodecSpec of(Algorithm algorithm) {
    return new CodecSpec(algorithm, algorithm == Algorithm.ZSTD ? DEFAULT_ZSTD_LEVEL : 0);
  }

  /**
   * Reads what {@link #toString} writes; {@code zstd} alone means its default level.
   *
   * @throws IllegalArgumentException with one line for the user
   */
  public static CodecSpec parse(String text) {
    return find(text)
        .orElseThrow(() -> new IllegalArgumentException("there is no codec '" + text + "'"));
  }

  /**
   * As {@link #parse}, but empty if there is no such codec.
   *
   * @throws IllegalArgumentException if there is, and it lacks the level
   */
  static Optional<CodecSpec> find(String text) {
    Matcher matcher = SYNTAX.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String level = matcher.group(2);
    return Arrays.stream(Algorithm.values())
        .filter(algorithm -> algorithm.label().equals(matcher.group(1)))
        .map(known -> level == null ? of(known) : new CodecSpec(known, Integer.parseInt(level)))
        .findFirst();
  }

  /** Why this machine cannot run the codec, in one line for the user; empty if it can. */
  public Optional<String> unusable() {
    List<String> missing = algorithm == Algorithm.LZ4 ? Lz4Cpu.MISSING : List.of();
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "lz4 needs a CPU with %s, which this one, or its virtual machine, has not; use zstd"
                .formatted(String.join(", ", missing)));
  }

  /**
   * Opens a codec for the calling thread. That of {@code none} fits no page into any limit, so
   * every page is stored as it is.
   *
   * @throws UnsupportedOperationException if this machine cannot run the compression library; the
   *     message says why
   */
  public PageCodec newCodec() {
    unusable()
        .ifPresent(reason -> {
          throw new UnsupportedOperationException(reason);
        });
    return switch (algorithm) {
      case NONE -> new NoCodec();
      case LZ4 -> new Lz4Codec();
      case ZSTD -> new ZstdCodec(level);
      case LINE -> new LineCodec();
    };
  }

  @Override
  public String toString() {
    return algorithm == Algorithm.ZSTD ? "zstd(level=" + level + ")" : algorithm.label();
  }
}
