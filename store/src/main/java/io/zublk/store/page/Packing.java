package io.zublk.store.page;

import io.zublk.codec.PageCodec;
import io.zublk.store.table.PageEntry;
import java.lang.foreign.MemorySegment;
import java.util.function.BooleanSupplier;

/**
 * What a page that is not one repeated word becomes when it is written. Whoever writes asks here,
 * and any thread reads what comes of it, of whatever kind. Each page is tried anew, for pages of
 * memory differ from their neighbours: as lines if those come first, then by the other codec, and
 * what neither makes smaller stays as it is. One thread's.
 */
final class Packing {

  /**
   * The most bytes of a page as lines where there is another codec. Below, that one gains little or
   * nothing and takes several times as long; above, it mostly gains. Measured on images of memory:
   * {@code docs/decisions/0011-line-codec.md}.
   */
  static final int LINE_LIMIT = 2000;

  /**
   * The most bytes of lines beside which the other codec is tried as well: of a page that repeats
   * something short, lines take 128 bytes and what the first of them differ by, which others halve.
   * Such pages are rare enough in memory for the second try to cost little.
   */
  static final int SHORT_LINES = 544;

  /** Null if lines are not tried. */
  private final PageCodec line;

  private final int lineLimit;
  private final PageCodec rest;
  private final int restKind;

  /** Whether lines are slow for the moment, and the rest's codec serves as well meanwhile. */
  private final BooleanSupplier isLineToCome;

  private int kind = PageEntry.RAW;

  private Packing(
      PageCodec line, int lineLimit, BooleanSupplier isLineToCome, PageCodec rest, int restKind) {
    this.line = line;
    this.lineLimit = lineLimit;
    this.isLineToCome = isLineToCome;
    this.rest = rest;
    this.restKind = restKind;
  }

  /** {@code kind}: of the entries of what {@code codec} compresses. */
  static Packing of(PageCodec codec, int kind) {
    return new Packing(null, 0, () -> false, codec, kind);
  }

  /** Lines alone, for pages that take no more than so many bytes so. */
  static Packing ofLines(PageCodec line, int lineLimit, PageCodec none) {
    return new Packing(line, lineLimit, () -> false, none, PageEntry.RAW);
  }

  /** {@code rest} is for pages that take more than so many bytes as lines, and for all at first. */
  static Packing lineFirst(
      PageCodec line, int lineLimit, BooleanSupplier isLineToCome, PageCodec rest, int restKind) {
    return new Packing(line, lineLimit, isLineToCome, rest, restKind);
  }

  /**
   * Packs a page into at most {@code limit} bytes at {@code target + at}.
   *
   * @return the bytes written, or 0 if the page is to be stored as it is
   */
  int pack(MemorySegment source, long offset, MemorySegment target, long at, int limit) {
    // Each codec has a call of its own, at which the compiler then sees but one class.
    if (line != null && !isLineToCome.getAsBoolean()) {
      int length = line.compress(source, offset, target, at, Math.min(limit, lineLimit));
      if (length > 0) {
        kind = PageEntry.LINE;
        boolean isShort = length <= SHORT_LINES && length + length / 2 <= limit;
        return isShort ? halve(source, offset, target, at, length) : length;
      }
    }
    int length = rest.compress(source, offset, target, at, limit);
    kind = length == 0 ? PageEntry.RAW : restKind;
    return length;
  }

  /** Puts the other codec's bytes in place of the lines, if they are at most half as many. */
  private int halve(MemorySegment source, long offset, MemorySegment target, long at, int lines) {
    int length = rest.compress(source, offset, target, at + lines, lines / 2);
    if (length == 0) {
      return lines;
    }
    MemorySegment.copy(target, at + lines, target, at, length);
    kind = restKind;
    return length;
  }

  /** The {@linkplain PageEntry kind} of what was packed last. */
  int kind() {
    return kind;
  }
}
