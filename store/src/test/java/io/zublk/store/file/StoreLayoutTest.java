package io.zublk.store.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.store.table.PageEntry;
import org.junit.jupiter.api.Test;

class StoreLayoutTest {

  private static final StoreLayout LARGEST = new StoreLayout(StoreLayout.MAX_DEVICE_BYTES / 4096);

  @Test
  void everyStagedPageHasAnAddressToo() {
    long last = StoreLayout.STAGING_BYTES - 4096;
    assertThat(PageEntry.location(PageEntry.ofStaged(0, -1, last))).isEqualTo(last);
  }

  @Test
  void aLargeDeviceHasAddressesForTwiceItsPages() {
    assertThat((long) LARGEST.slabs * StoreLayout.SLAB_BYTES)
        .isEqualTo(2 * StoreLayout.MAX_DEVICE_BYTES);
  }
}
