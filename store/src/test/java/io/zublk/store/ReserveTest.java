package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.BlockChannel;
import io.zublk.block.Errno;
import io.zublk.store.file.StoreExtent;
import io.zublk.store.table.Naps;
import java.io.IOException;
import java.nio.file.Files;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A store whose writes never ask the kernel for memory. */
class ReserveTest {

  private static final int MIB = 1 << 20;
  private static final long RESERVE = 2 * MIB;

  private static StoreTuning tuning() {
    return new StoreTuning(1, 64, 100, 0, new BitSet(), StoreTuning.ANY_NODE).withReserve(RESERVE);
  }

  /** The limit stands for a kernel that has no more memory: the reserve is not refilled either. */
  private static StoreOptions options(long sizeBytes, long room) {
    long metadata = StoreExtent.ofNew(sizeBytes / PAGE).metadataBytes;
    return new StoreOptions(sizeBytes, TestPages.LZ4, room == 0 ? 0 : metadata + room);
  }

  @Test
  void itIsFullWhenTheStoreIsThereAndCountsAsUsed() throws Exception {
    StoreOptions options = options(32 * MIB, 0);
    try (TestStore test = new TestStore(options, tuning())) {
      assertThat(test.get().reserve()).isEqualTo(new StoreReserve(RESERVE, RESERVE, 0));
      long metadata = StoreExtent.ofNew(options.sizeBytes() / PAGE).metadataBytes;
      assertThat(test.get().stats().memUsedTotal()).isEqualTo(metadata + RESERVE);
      assertThat(test.get().allocatedBytes()).isEqualTo(metadata + RESERVE);
    }
  }

  @Test
  void aReserveThatCannotBeHadIsRefusedAndLeavesNothing() throws Exception {
    var path = Files.createTempDirectory(TestPages.SHM, "zublk-store-test").resolve("store");
    assertThatThrownBy(() -> PageStore.create(path, options(32 * MIB, RESERVE - 1), tuning()))
        .isInstanceOf(IOException.class)
        .hasMessage("no memory for a reserve: only 1792 KiB of it could be had");
    assertThat(path).doesNotExist();
    Files.delete(path.getParent());
  }

  @Test
  void aDryReserveRefusesWritesAndNothingElseAndFillsAgain() throws Exception {
    try (TestStore test = new TestStore(options(32 * MIB, 8 * MIB), tuning());
        BlockChannel channel = test.get().openChannel()) {
      SizedPages pages = new SizedPages(32 * MIB / PAGE);
      int written = fill(channel, pages);
      assertThat(written).isEqualTo(8 * MIB / PAGE);
      assertThat(test.get().reserve().reserveBytes()).isZero();
      assertThat(test.get().reserve().reserveFailures()).isPositive();
      pages.check(channel);

      assertThat(pages.write(channel, 3, 1000)).as("what fits in its place").isZero();
      long before = test.get().allocatedBytes();
      for (int i = 0; i < written; i++) {
        pages.discard(channel, i); // nor does this need memory
        assertThat(test.get().allocatedBytes()).isLessThanOrEqualTo(before);
      }
      awaitReserve(test.get());
      assertThat(fill(channel, pages)).isEqualTo(written);
      pages.check(channel);
    }
  }

  private static int fill(BlockChannel channel, SizedPages pages) {
    int number = 0;
    // The keeper may be a step behind: only what it cannot refill is dry.
    for (int dry = 0; dry < 500; ) {
      if (pages.write(channel, number, SizedPages.RAW) == 0) {
        number++;
        dry = 0;
      } else {
        dry++;
        Naps.millisecond();
      }
    }
    return number;
  }

  private static void awaitReserve(PageStore store) {
    while (store.reserve().reserveBytes() < RESERVE) {
      Naps.millisecond();
    }
  }

  /** A class's slabs that have lost memory get some again: else a device runs out of addresses. */
  @Test
  void pagesOfChangingSizesNeverRunOutOfPlaces() throws Exception {
    try (TestStore test = new TestStore(options(16 * MIB, 0), tuning());
        BlockChannel channel = test.get().openChannel()) {
      SizedPages pages = new SizedPages(16 * MIB / PAGE);
      Random random = new Random(1);
      for (int round = 0; round < 60; round++) {
        int bytes = 40 + random.nextInt(PAGE);
        for (int i = 0; i < pages.count(); i++) {
          if (random.nextInt(3) == 0) {
            pages.discard(channel, i);
          } else if (random.nextInt(4) > 0) {
            writeWhenThereIsRoom(test.get(), channel, pages, i, bytes);
          }
        }
        boolean _ = test.get().trim();
      }
      pages.check(channel);
      awaitReserve(test.get());
      for (int i = 0; i < pages.count(); i++) {
        pages.discard(channel, i);
      }
      boolean _ = test.get().trim();
      assertThat(test.get().stats().memUsedTotal()).isEqualTo(test.get().allocatedBytes());
    }
  }

  private static void writeWhenThereIsRoom(
      PageStore store, BlockChannel channel, SizedPages pages, int page, int bytes) {
    int result = pages.write(channel, page, bytes);
    while (result == -Errno.ENOSPC) {
      awaitReserve(store);
      result = pages.write(channel, page, bytes);
    }
    assertThat(result).isZero();
  }

  @Test
  void aStoreThatComesBackServesBeforeItsReserveIsFull() throws Exception {
    try (TestStore test = new TestStore(options(32 * MIB, 8 * MIB), tuning())) {
      SizedPages pages = new SizedPages(32 * MIB / PAGE);
      try (BlockChannel channel = test.get().openChannel()) {
        int _ = fill(channel, pages);
      }
      PageStore back = test.reopen();
      try (BlockChannel channel = back.openChannel()) {
        pages.check(channel);
        assertThat(pages.write(channel, pages.count() - 1, SizedPages.RAW))
            .isEqualTo(-Errno.ENOSPC);
        for (int i = 0; i < pages.count() - 1; i++) {
          pages.discard(channel, i);
        }
        awaitReserve(back);
        assertThat(pages.write(channel, pages.count() - 1, SizedPages.RAW)).isZero();
      }
    }
  }

  @Test
  void whatIsAcknowledgedMustNeedNoMemoryLater() {
    assertThatThrownBy(
            () -> new StoreTuning(1, 64, 100, 16, new BitSet(), StoreTuning.ANY_NODE, RESERVE))
        .hasMessage("a reserve needs a worker, and no staging");
    assertThatThrownBy(
            () -> new StoreTuning(0, 64, 100, 0, new BitSet(), StoreTuning.ANY_NODE, RESERVE))
        .hasMessage("a reserve needs a worker, and no staging");
  }
}
