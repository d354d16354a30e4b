package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.BlockChannel;
import io.zublk.block.Errno;
import io.zublk.codec.PackingSpec;
import io.zublk.store.file.StoreExtent;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory that was freed goes back to the kernel, or can be used again. */
class MemoryComesBackTest {

  private static final int MIB = 1 << 20;

  private static StoreOptions options(int mib, long limit) {
    return new StoreOptions((long) mib * MIB, TestPages.LZ4, limit);
  }

  private static StoreTuning staged(int workers) {
    return new StoreTuning(workers, 64, 100, 4096, new BitSet(), StoreTuning.ANY_NODE);
  }

  private static long metadata(StoreOptions options) {
    return StoreExtent.ofNew(options.sizeBytes() / PAGE).metadataBytes;
  }

  @Test
  void allOfItAlsoWhenItWasOverwrittenBeforeTheHousekeeperCame() throws Exception {
    StoreOptions options = options(32, 0);
    try (TestStore test = new TestStore(options, staged(1));
        BlockChannel channel = test.get().openChannel()) {
      SizedPages pages = new SizedPages(32 * MIB / PAGE);
      for (int round = 0; round < 2; round++) {
        for (int i = 0; i < pages.count(); i++) {
          assertThat(pages.write(channel, i, SizedPages.RAW)).isZero();
        }
        assertThat(test.get().settle()).isTrue();
        boolean _ = test.get().trim();
      }
      for (int i = 0; i < pages.count(); i++) {
        pages.discard(channel, i);
      }
      assertThat(test.get().settle()).isTrue();
      boolean _ = test.get().trim();
      assertThat(test.get().stats().memUsedTotal()).isEqualTo(metadata(options));
      assertThat(test.get().allocatedBytes()).isEqualTo(metadata(options));
    }
  }

  /** On a device so large that not each write at the limit may look through the page table. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void whatWasFreedSinceAWriteAtTheLimitCompactedIsFoundByTheNext(int workers) throws Exception {
    StoreTuning tuning = workers == 0 ? StoreTuning.INLINE : staged(workers);
    try (TestStore test = new TestStore(options(1024, 48 * MIB), tuning);
        BlockChannel channel = test.get().openChannel()) {
      SizedPages pages = new SizedPages(1024 * MIB / PAGE);
      int small = fill(channel, pages, 1000);
      for (int i = 0; i < small; i++) {
        if (i % 4 != 0) {
          pages.discard(channel, i);
        }
      }
      for (int i = small; i < small + 9000; i++) {
        assertThat(pages.write(channel, i, 2000)).as("page %d", i).isZero();
      }
      for (int i = small + 1; i < small + 9000; i += 2) {
        pages.discard(channel, i);
      }
      int large = small + 9000;
      while (pages.write(channel, large, 3000) == 0) {
        large++;
      }
      long before = test.get().stats().pagesCompacted();
      boolean _ = test.get().compact();
      long kept = (test.get().stats().pagesCompacted() - before) * PAGE;
      assertThat(kept).isLessThan(48 * MIB / 64);
      pages.check(channel);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void whatWasFreedInSparseSlabsIsWrittenAgainAtTheLimit(int workers) throws Exception {
    StoreOptions options = options(64, 24 * MIB);
    StoreTuning tuning = workers == 0 ? StoreTuning.INLINE : staged(workers);
    try (TestStore test = new TestStore(options, tuning);
        BlockChannel channel = test.get().openChannel()) {
      SizedPages pages = new SizedPages(64 * MIB / PAGE);
      int written = fill(channel, pages, SizedPages.RAW);
      assertThat(written).isGreaterThan(23 * MIB / PAGE);
      for (int i = 0; i < written; i += 2) {
        pages.discard(channel, i);
      }
      for (int i = 0; i < written; i += 2) {
        assertThat(pages.write(channel, i, SizedPages.RAW)).as("page %d", i).isZero();
      }
      pages.check(channel);
    }
  }

  @Test
  void whatObjectsOfOneSizeFreedServesThoseOfAnother() throws Exception {
    StoreOptions options = options(64, 24 * MIB);
    try (TestStore test = new TestStore(options);
        BlockChannel channel = test.get().openChannel()) {
      SizedPages pages = new SizedPages(64 * MIB / PAGE);
      int written = fill(channel, pages, SizedPages.RAW);
      for (int i = 0; i < written; i++) {
        if (i % 4 != 0) {
          pages.discard(channel, i);
        }
      }
      for (int i = 0; i < written; i++) {
        if (i % 4 != 0) {
          assertThat(pages.write(channel, i, 2800)).as("page %d", i).isZero();
        }
      }
      pages.check(channel);
      assertThat(test.get().stats().pagesCompacted()).isPositive();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void aPageIsOverwrittenAtTheLimitByOneThatIsNoLarger(int workers) throws Exception {
    StoreOptions options = options(32, 8 * MIB);
    StoreTuning tuning = workers == 0 ? StoreTuning.INLINE : staged(workers);
    try (TestStore test = new TestStore(options, tuning);
        BlockChannel channel = test.get().openChannel()) {
      SizedPages pages = new SizedPages(32 * MIB / PAGE);
      int written = fill(channel, pages, SizedPages.RAW);
      Random random = new Random(1);
      for (int bytes : new int[] {SizedPages.RAW, 3500, 3000, 3000, 1000, 100}) {
        for (int i = 0; i < 300; i++) {
          int number = random.nextInt(written / 2);
          assertThat(pages.write(channel, number, bytes)).as("%d bytes", bytes).isZero();
        }
        pages.check(channel);
        fill(channel, pages, SizedPages.RAW);
      }
      assertThat(test.get().stats().memUsedMax()).isLessThanOrEqualTo(8L * MIB);
      assertThat(test.get().settle()).isTrue();
      test.reopen();
      try (BlockChannel again = test.get().openChannel()) {
        pages.check(again);
      }
      assertThat(test.get().stats().checksumErrors()).isZero();
    }
  }

  @Test
  void partOfAPageIsOverwrittenAtTheLimit() throws Exception {
    try (TestStore test = new TestStore(options(32, 8 * MIB));
        BlockChannel channel = test.get().openChannel()) {
      SizedPages pages = new SizedPages(32 * MIB / PAGE);
      int written = fill(channel, pages, SizedPages.RAW);
      MemorySegment buffer = Arena.ofAuto().allocate(PAGE, PAGE);
      for (int i = 0; i < written; i++) {
        long at = (long) i * PAGE + 512;
        assertThat(channel.writeZeroes(at, 512, false)).isZero();
        assertThat(channel.read(at - 8, buffer, 0, 1024)).isZero();
        assertThat(buffer.asSlice(8, 512).mismatch(MemorySegment.ofArray(new byte[512])))
            .isEqualTo(-1);
      }
    }
  }

  @Test
  void addressesDoNotRunOutForThoseOfOtherSizes() throws Exception {
    try (TestStore test = new TestStore(options(96, 0));
        BlockChannel channel = test.get().openChannel()) {
      SizedPages pages = new SizedPages(96 * MIB / PAGE);
      for (int i = 0; i < pages.count(); i++) {
        assertThat(pages.write(channel, i, SizedPages.RAW)).isZero();
      }
      Random random = new Random(4);
      for (int bytes = 3900; bytes > 2400; bytes -= 200) {
        for (int i = 0; i < pages.count(); i++) {
          if (random.nextInt(10) < 6) {
            assertThat(pages.write(channel, i, bytes)).as("%d bytes", bytes).isZero();
          }
        }
      }
      pages.check(channel);
    }
  }

  @Test
  void aLimitCountsWhatTheDataTakeCompressedAlsoWithStaging() throws Exception {
    long limit = 20 * MIB;
    StoreOptions options = new StoreOptions(128L * MIB, PackingSpec.parse("zstd"), limit);
    try (TestStore test = new TestStore(options, staged(1));
        BlockChannel channel = test.get().openChannel()) {
      SizedPages pages = new SizedPages(128 * MIB / PAGE);
      long needed = 0;
      int number = 0;
      while (needed < limit - metadata(options) - 3 * MIB) {
        assertThat(pages.write(channel, number++, 1200)).as("page %d", number).isZero();
        needed += 1200 + 50;
      }
      assertThat(test.get().settle()).isTrue();
      assertThat(test.get().stats().stagedPages()).isZero();
      assertThat(test.get().stats().memUsedMax()).isLessThanOrEqualTo(limit);
    }
  }

  @Test
  void writersThatPauseDoNotUseUpThePool() throws Exception {
    StoreTuning tuning = new StoreTuning(1, 64, 100, 128, new BitSet(), StoreTuning.ANY_NODE);
    try (TestStore test = new TestStore(options(32, 0), tuning)) {
      BlockChannel[] channels = new BlockChannel[8];
      SizedPages pages = new SizedPages(32 * MIB / PAGE);
      for (int i = 0; i < channels.length; i++) {
        channels[i] = test.get().openChannel();
        assertThat(pages.write(channels[i], i, 1000)).isZero();
        assertThat(test.get().settle()).isTrue();
      }
      assertThat(test.get().stats().unstagedPages()).isZero();
      for (int round = 0; round < 3; round++) {
        for (int i = 0; i < channels.length; i++) {
          assertThat(pages.write(channels[i], i, 1000 + round)).isZero();
          assertThat(test.get().settle()).isTrue();
        }
      }
      assertThat(test.get().stats().unstagedPages()).isZero();
      pages.check(channels[0]);
      for (BlockChannel channel : channels) {
        channel.close();
      }
    }
  }

  /** Writes absent pages until there is no room; returns the first one that is still absent. */
  private static int fill(BlockChannel channel, SizedPages pages, int bytes) {
    for (int i = 0; i < pages.count(); i++) {
      if (!pages.isPresent(i)) {
        int result = pages.write(channel, i, bytes);
        if (result != 0) {
          assertThat(result).isEqualTo(-Errno.ENOSPC);
          return i;
        }
      }
    }
    throw new AssertionError("there was room for all");
  }
}
