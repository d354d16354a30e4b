package io.zublk.store.arena;

import static io.zublk.store.file.StoreLayout.SLAB_BYTES;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.store.file.StoreExtent;
import io.zublk.store.file.StoreLayout;
import io.zublk.store.table.PageEntry;
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
      assertThat(SizeClasses.slots(c) * SizeClasses.slotBytes(c)).isLessThanOrEqualTo(SLAB_BYTES);
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
      memory += (double) SLAB_BYTES / SizeClasses.slots(SizeClasses.classOf(bytes));
    }
    assertThat(memory / objects).isLessThan(1.02);
  }

  @Test
  void rawPagesLieOnPageBoundaries() {
    int raw = SizeClasses.classOf(4096);
    assertThat(SizeClasses.slotBytes(raw)).isEqualTo(4096);
    assertThat(raw).isEqualTo(SizeClasses.count() - 1);
  }

  @Test
  void everySlotOfTheLargestDeviceHasAnAddressThatAnEntryCanName() {
    StoreExtent largest = StoreExtent.ofNew(StoreLayout.MAX_PAGES);
    long end = (long) largest.slabs * SLAB_BYTES;
    for (int sizeClass = 0; sizeClass < SizeClasses.count(); sizeClass++) {
      int slotBytes = SizeClasses.slotBytes(sizeClass);
      long last = end - SLAB_BYTES + (SizeClasses.slots(sizeClass) - 1L) * slotBytes;
      long entry =
          slotBytes == 4096
              ? PageEntry.ofRaw(largest.pages - 1, -1, last)
              : PageEntry.ofObject(largest.pages - 1, PageEntry.LZ4, slotBytes - 4, last);
      assertThat(PageEntry.location(entry)).isEqualTo(last);
      assertThat(PageEntry.length(entry)).isEqualTo(slotBytes == 4096 ? 4096 : slotBytes - 4);
      assertThat(PageEntry.isValid(largest.pages - 1, entry)).isTrue();
    }
  }
}
