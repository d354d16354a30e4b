package io.zublk.codec;

import static io.zublk.codec.PageCodec.PAGE_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class LineCodecPropertyTest {

  private final MemorySegment page = Arena.ofAuto().allocate(PAGE_BYTES);
  private final MemorySegment whole = Arena.ofAuto().allocate(LineFormat.MAX_OBJECT_BYTES);
  private final MemorySegment packed = Arena.ofAuto().allocate(LineFormat.MAX_OBJECT_BYTES);

  /** Whoever tries another codec next, or stores the page as it is, relies on it. */
  @Property(tries = 2000)
  void withinALimitItIsTheSameObjectOrNone(
      @ForAll PageKind kind,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = LineFormat.MAX_OBJECT_BYTES) int limit) {
    page.copyFrom(MemorySegment.ofArray(kind.page(seed)));
    try (PageCodec codec = new LineCodec()) {
      int length = codec.compress(page, 0, whole, 0, LineFormat.MAX_OBJECT_BYTES);
      int within = codec.compress(page, 0, packed, 0, limit);

      boolean fits = length <= limit && !LineSearch.isHopeless(literalsJudged(length), limit);
      assertThat(within).isEqualTo(fits ? length : 0);
      assertThat(packed.asSlice(0, within).mismatch(whole.asSlice(0, within))).isEqualTo(-1);
    }
  }

  /** The literals of the first lines of the object. */
  private int literalsJudged(int length) {
    int wordMasks = length - LineFormat.LINES;
    int judged = words(wordMasks, LineSearch.JUDGED_LINE);
    int first = wordMasks - LineFormat.LINES - words(wordMasks, LineFormat.LINES);
    int literals = 0;
    for (int i = 0; i < judged; i++) {
      literals += Integer.bitCount(whole.get(JAVA_BYTE, first + i) & 0xFF);
    }
    return literals;
  }

  private int words(int wordMasks, int lines) {
    int words = 0;
    for (int i = 0; i < lines; i++) {
      words += Integer.bitCount(whole.get(JAVA_BYTE, wordMasks + i) & 0xFF);
    }
    return words;
  }
}
