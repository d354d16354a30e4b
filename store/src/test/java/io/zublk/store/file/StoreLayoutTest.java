package io.zublk.store.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.store.table.PageEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoreLayoutTest {

  private static final long GIB_PAGES = (1L << 30) / 4096;

  @Test
  void everyStagedPageHasAnAddressToo() {
    long last = StoreLayout.STAGING_BYTES - 4096;
    assertThat(PageEntry.location(PageEntry.ofStaged(0, -1, last))).isEqualTo(last);
  }

  @Test
  void aLargeDeviceHasAddressesForTwiceItsPages() {
    StoreExtent largest = StoreExtent.ofNew(StoreLayout.MAX_PAGES);
    assertThat((long) largest.slabs * StoreLayout.SLAB_BYTES)
        .isEqualTo(2 * StoreLayout.MAX_DEVICE_BYTES);
    assertThat(largest.arenaEnd).isEqualTo(largest.layout.stagingOffset);
  }

  @Test
  void aDeviceHasAddressesForSixteenTimesItsSizeButNeverForMoreThanTheGreatest() {
    assertThat(StoreLayout.ofNew(GIB_PAGES).greatestPages).isEqualTo(16 * GIB_PAGES);
    assertThat(StoreLayout.ofNew(100 * GIB_PAGES).greatestPages).isEqualTo(StoreLayout.MAX_PAGES);
  }

  /** Addresses are free: what 8 GiB took before there were any to spare, in bytes. */
  @Test
  void roomToGrowTakesAlmostNoMemory() {
    long pages = 8 * GIB_PAGES;
    long before = new StoreExtent(new StoreLayout(pages), pages).metadataBytes;
    assertThat(before).isEqualTo(21_958_656);
    long hints = StoreLayout.hintBytes(StoreLayout.HINT_GROUP_WORDS);
    assertThat(StoreExtent.ofNew(pages).metadataBytes)
        .isBetween(before, before + hints + StoreLayout.CHUNK_ALIGNMENT);
  }

  /** Layout 3, which has no room to grow: nothing moves, and all before the arena has memory. */
  @ParameterizedTest
  @ValueSource(longs = {1, 48, 1000, 4096, 1 << 18})
  void withoutRoomToGrowAllBeforeTheArenaIsInUse(long pages) {
    StoreLayout layout = new StoreLayout(pages);
    assertThat(new StoreExtent(layout, pages).metadataBytes).isEqualTo(layout.arenaOffset + 4096);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 48, 1000, 4096, 1 << 18})
  void partsInUseLieWithinTheirPlaces(long pages) {
    StoreExtent extent = StoreExtent.ofNew(pages);
    long end = 0;
    for (StoreExtent.Range range : extent.metadata()) {
      assertThat(range.offset()).isGreaterThanOrEqualTo(end);
      end = range.offset() + range.length();
    }
    StoreExtent.Range hints = extent.hints();
    assertThat(hints.offset() + hints.length()).isLessThanOrEqualTo(extent.layout.arenaOffset);
    assertThat(extent.arenaEnd).isLessThanOrEqualTo(extent.layout.stagingOffset);
  }
}
