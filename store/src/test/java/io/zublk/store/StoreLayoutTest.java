package io.zublk.store;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StoreLayoutTest {

  private static final StoreLayout LARGEST = new StoreLayout(StoreLayout.MAX_DEVICE_BYTES / 4096);

  @Test
  void everySlotOfTheLargestDeviceHasAnAddressThatAnEntryCanName() {
    long end = (long) LARGEST.slabs * SizeClasses.SLAB_BYTES;
    for (int sizeClass = 0; sizeClass < SizeClasses.count(); sizeClass++) {
      int slotBytes = SizeClasses.slotBytes(sizeClass);
      long last = end - SizeClasses.SLAB_BYTES + (SizeClasses.slots(sizeClass) - 1L) * slotBytes;
      long entry =
          slotBytes == 4096
              ? PageEntry.ofRaw(LARGEST.pages - 1, -1, last)
              : PageEntry.ofObject(LARGEST.pages - 1, PageEntry.LZ4, slotBytes - 4, last);
      assertThat(PageEntry.location(entry)).isEqualTo(last);
      assertThat(PageEntry.length(entry)).isEqualTo(slotBytes == 4096 ? 4096 : slotBytes - 4);
      assertThat(PageEntry.isValid(LARGEST.pages - 1, entry)).isTrue();
    }
  }

  @Test
  void everyStagedPageHasAnAddressToo() {
    long last = StoreLayout.STAGING_BYTES - 4096;
    assertThat(PageEntry.location(PageEntry.ofStaged(0, -1, last))).isEqualTo(last);
  }

  @Test
  void aLargeDeviceHasAddressesForTwiceItsPages() {
    assertThat((long) LARGEST.slabs * SizeClasses.SLAB_BYTES)
        .isEqualTo(2 * StoreLayout.MAX_DEVICE_BYTES);
  }
}
