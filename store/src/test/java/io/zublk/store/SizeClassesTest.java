package io.zublk.store;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SizeClassesTest {

  @Test
  void everyObjectFitsItsSlotAndNoSmallerOne() {
    for (int bytes = 1; bytes <= SizeClasses.MAX_OBJECT_BYTES; bytes++) {
      int sizeClass = SizeClasses.classOf(bytes);
      assertThat(SizeClasses.slotBytes(sizeClass)).isGreaterThanOrEqualTo(bytes);
      if (sizeClass > 0) {
        assertThat(SizeClasses.slotBytes(sizeClass - 1)).isLessThan(bytes);
      }
    }
  }

  @Test
  void slotsAreAlignedAndStayInTheSlab() {
    for (int c = 0; c < SizeClasses.count(); c++) {
      assertThat(SizeClasses.slotBytes(c) % SizeClasses.UNIT_BYTES).isZero();
      assertThat(SizeClasses.slots(c) * SizeClasses.slotBytes(c))
          .isLessThanOrEqualTo(SizeClasses.SLAB_BYTES);
      assertThat(SizeClasses.slots(c)).isBetween(1, SizeClasses.MAX_SLOTS);
    }
    assertThat(SizeClasses.count()).isLessThan(128);
  }

  @Test
  void roundingCostsLessThanTwoPercentOfWhatRealPagesCompressTo() {
    long objects = 0;
    double memory = 0;
    for (int bytes = 600; bytes <= 4000; bytes++) {
      objects += bytes;
      memory += (double) SizeClasses.SLAB_BYTES / SizeClasses.slots(SizeClasses.classOf(bytes));
    }
    assertThat(memory / objects).isLessThan(1.02);
  }

  @Test
  void rawPagesLieOnPageBoundaries() {
    int raw = SizeClasses.classOf(4096);
    assertThat(SizeClasses.slotBytes(raw)).isEqualTo(4096);
    assertThat(raw).isEqualTo(SizeClasses.count() - 1);
  }
}
