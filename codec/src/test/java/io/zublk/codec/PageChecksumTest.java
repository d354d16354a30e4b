package io.zublk.codec;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class PageChecksumTest {

  private static final int MEMORY_BYTES = 8192;

  private final MemorySegment memory = Arena.ofAuto().allocate(MEMORY_BYTES);
  private final PageChecksum checksum = new PageChecksum(memory);

  @Test
  void rangesOutsideTheMemoryAreRefused() {
    assertThatThrownBy(() -> checksum.of(MEMORY_BYTES - 10, 11, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> checksum.of(-1, 1, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> checksum.of(1, -1, 0)).isInstanceOf(IllegalArgumentException.class);
  }
}
