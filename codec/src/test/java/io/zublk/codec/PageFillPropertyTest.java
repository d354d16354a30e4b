package io.zublk.codec;

import static io.zublk.codec.PageCodec.PAGE_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class PageFillPropertyTest {

  private final MemorySegment memory = Arena.ofAuto().allocate(3 * PAGE_BYTES);

  @Property
  void aFilledPageIsItsWordOverAndOverAndNothingElseIsTouched(
      @ForAll long word, @ForAll @IntRange(min = 8, max = 4096) int offset) {
    memory.fill((byte) 0x5C);

    PageFill.fill(memory, offset, word);

    for (int i = 0; i < PAGE_BYTES; i += Long.BYTES) {
      assertThat(memory.get(JAVA_LONG_UNALIGNED, offset + i)).isEqualTo(word);
    }
    assertThat(memory.get(JAVA_BYTE, offset - 1)).isEqualTo((byte) 0x5C);
    assertThat(memory.get(JAVA_BYTE, offset + PAGE_BYTES)).isEqualTo((byte) 0x5C);
    assertThat(PageFill.isFilled(memory, offset)).isTrue();
  }

  @Property(tries = 50)
  void oneByteThatDiffersIsSeenWhereverItIs(@ForAll long word, @ForAll @IntRange(max = 7) int bit) {
    PageFill.fill(memory, 0, word);
    for (int at = 0; at < PAGE_BYTES; at++) {
      byte right = memory.get(JAVA_BYTE, at);
      memory.set(JAVA_BYTE, at, (byte) (right ^ (1 << bit)));
      assertThat(PageFill.isFilled(memory, 0)).isFalse();
      memory.set(JAVA_BYTE, at, right);
    }
  }
}
