package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.BlockChannel;
import io.zublk.block.Errno;
import io.zublk.store.arena.SizeClasses;
import io.zublk.store.file.StoreExtent;
import java.util.BitSet;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;

/** Whatever is written, overwritten and discarded, memory follows what is there. */
class SpacePropertyTest {

  private static final int PAGES = (64 << 20) / PAGE;

  /** Sizes of the objects of a phase: real data have a few that are common. */
  private static final int[] SIZES = {90, 400, 800, 1200, 1500, 2000, 2300, 2700, 3100, 3600, 4096};

  @Property(tries = 8, shrinking = ShrinkingMode.OFF)
  void usedIsAboutWhatIsLive(@ForAll long seed, @ForAll @IntRange(min = 0, max = 2) int workers)
      throws Exception {
    StoreOptions options = new StoreOptions((long) PAGES * PAGE, TestPages.LZ4, 0);
    long metadata = StoreExtent.ofNew(PAGES).metadataBytes;
    try (TestStore test = new TestStore(options, tuning(workers));
        BlockChannel channel = test.get().openChannel()) {
      SizedPages pages = new SizedPages(PAGES);
      Random random = new Random(seed);
      for (int phase = 0; phase < 4; phase++) {
        change(test, channel, pages, random);
        settle(test.get());
        StoreStats stats = test.get().stats();
        assertThat(stats.memUsedTotal() - metadata)
            .as("phase %d of %s", phase, stats)
            .isLessThanOrEqualTo(bound(stats.comprDataSize()));
        assertThat(test.get().allocatedBytes()).isEqualTo(stats.memUsedTotal());
      }
      pages.check(channel);
      for (int i = 0; i < PAGES; i++) {
        pages.discard(channel, i);
      }
      settle(test.get());
      assertThat(test.get().stats().memUsedTotal()).isEqualTo(metadata);
      assertThat(test.get().allocatedBytes()).isEqualTo(metadata);
    }
  }

  @Property(tries = 8, shrinking = ShrinkingMode.OFF)
  void aWriteIsRefusedOnlyIfThereIsNoRoom(
      @ForAll long seed, @ForAll @IntRange(min = 0, max = 2) int workers) throws Exception {
    long limit = 20 << 20;
    StoreOptions options = new StoreOptions((long) PAGES * PAGE, TestPages.LZ4, limit);
    try (TestStore test = new TestStore(options, tuning(workers));
        BlockChannel channel = test.get().openChannel()) {
      SizedPages pages = new SizedPages(PAGES);
      Random random = new Random(seed);
      for (int phase = 0; phase < 4; phase++) {
        change(test, channel, pages, random);
        // Half of what is there, at random: enough holes for as much again.
        for (int i = 0; i < PAGES; i++) {
          if (pages.isPresent(i) && random.nextBoolean()) {
            pages.discard(channel, i);
          }
        }
      }
      pages.check(channel);
      assertThat(test.get().stats().memUsedMax()).isLessThanOrEqualTo(limit);
    }
  }

  /** A chunk of every size class may be half full: with little in the store, that is most of it. */
  private static long bound(long live) {
    long chunks = (long) SizeClasses.count() * SizeClasses.CHUNK_BYTES;
    return Math.max(live * 115 / 100, live * 103 / 100 + chunks);
  }

  private static StoreTuning tuning(int workers) {
    return workers == 0
        ? StoreTuning.INLINE
        : new StoreTuning(workers, 16, 50, 1024, new BitSet(), StoreTuning.ANY_NODE);
  }

  /** Writes and discards at random; a write may be refused only near the limit. */
  private static void change(
      TestStore test, BlockChannel channel, SizedPages pages, Random random) {
    int size = SIZES[random.nextInt(SIZES.length)];
    int share = 2 + random.nextInt(6);
    for (int i = 0; i < PAGES; i++) {
      int number = random.nextInt(PAGES);
      if (random.nextInt(8) == 0) {
        pages.discard(channel, number);
      } else if (random.nextInt(share) > 0) {
        int bytes = random.nextInt(3) == 0 ? 1 + random.nextInt(PAGE) : size;
        assertThat(write(test, channel, pages, number, bytes)).isTrue();
      }
    }
  }

  /** False if a write was refused although there was memory for it. */
  private static boolean write(
      TestStore test, BlockChannel channel, SizedPages pages, int number, int bytes) {
    // Workers may give memory back between a refusal and the look at what is used, not every time.
    for (int tries = 0; tries < 20; tries++) {
      int result = pages.write(channel, number, bytes);
      StoreStats stats = test.get().stats();
      if (result == 0) {
        return true;
      }
      assertThat(result).isEqualTo(-Errno.ENOSPC);
      // An object may lie across the border of two chunks.
      long needed = stats.memUsedTotal() + 2 * SizeClasses.CHUNK_BYTES;
      if (stats.memLimit() > 0 && needed > stats.memLimit()) {
        return true;
      }
    }
    return false;
  }

  private static void settle(PageStore store) {
    assertThat(store.settle()).isTrue();
    while (store.compact()) {
      // again, until there is nothing to win
    }
    boolean _ = store.trim();
  }
}
