package io.zublk.block;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BlockStatusTest {

  @Test
  void keepsLengthAndFlagsApart() {
    long status = BlockStatus.of(1L << 50, BlockStatus.HOLE | BlockStatus.ZERO);
    assertThat(BlockStatus.length(status)).isEqualTo(1L << 50);
    assertThat(BlockStatus.flags(status)).isEqualTo(3);
    assertThat(BlockStatus.flags(BlockStatus.of(4096, 0))).isZero();
  }
}
