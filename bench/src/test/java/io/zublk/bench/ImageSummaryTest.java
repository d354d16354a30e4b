package io.zublk.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.codec.PageFill;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class ImageSummaryTest {

  @Test
  void pagesOfOneRepeatedWordAreCountedApart() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment image = arena.allocate(4 * 4096, 8);
      PageFill.fill(image, 4096, 0x0123_4567_89AB_CDEFL);
      image.set(ValueLayout.JAVA_BYTE, 2 * 4096 + 100, (byte) 1);
      assertThat(ImageSummary.of(image)).isEqualTo(new ImageSummary(4, 3));
    }
  }
}
