package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockStatus;
import io.zublk.block.Errno;
import io.zublk.codec.PackingSpec;
import io.zublk.codec.PageFill;
import io.zublk.store.table.PageEntry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What may happen to a page between its acknowledgement and its compression. */
class StagingTest {

  private static final long SIZE = 8 << 20;
  private static final int LONG_TIMEOUT = 1_000_000;

  private final MemorySegment buffer = Arena.ofAuto().allocate(4 << 20, PAGE);
  private final MemorySegment other = Arena.ofAuto().allocate(4 << 20, PAGE);

  /** Pages stay staged for a second, or until their batch of 64 is full. */
  private static TestStore slow() throws Exception {
    return new TestStore(options(), tuning(1, 64, LONG_TIMEOUT, 256));
  }

  private static StoreOptions options() {
    return new StoreOptions(SIZE, TestPages.LZ4, 0);
  }

  private static StoreTuning tuning(int workers, int batch, int timeout, int pool) {
    return new StoreTuning(workers, batch, timeout, pool, new BitSet(), StoreTuning.ANY_NODE);
  }

  @Test
  void aStagedPageIsReadFromThePoolAndLaterFromTheArena() throws Exception {
    try (TestStore test = slow();
        BlockChannel channel = test.get().openChannel()) {
      write(channel, 5, 101);
      assertThat(test.get().stats().stagedPages()).isEqualTo(1);
      assertThat(seed(channel, 5)).isEqualTo(101);
      assertThat(channel.read(5 * PAGE + 100, other, 100, 50)).isZero();
      assertThat(MemorySegment.mismatch(buffer, 100, 150, other, 100, 150)).isEqualTo(-1);
      assertThat(channel.status(5 * PAGE, PAGE)).isEqualTo(BlockStatus.of(PAGE, 0));
      assertThat(test.get().settle()).isTrue();
      StoreStats stats = test.get().stats();
      assertThat(stats.stagedPages()).isZero();
      assertThat(stats.stagedPagesSince()).isEqualTo(1);
      assertThat(stats.batches()).isEqualTo(1);
      assertThat(stats.comprDataSize()).isLessThan(PAGE);
      assertThat(seed(channel, 5)).isEqualTo(101);
    }
  }

  @Test
  void theLastOfManyWritesToAStagedPageWins() throws Exception {
    try (TestStore test = slow();
        BlockChannel channel = test.get().openChannel()) {
      write(channel, 1, 101); // then: staged again
      write(channel, 1, 105);
      write(channel, 2, 201); // then: filled, which is not staged
      PageFill.fill(buffer, 0, 7);
      assertThat(channel.write(2 * PAGE, buffer, 0, PAGE)).isZero();
      write(channel, 3, 301); // then: discarded
      assertThat(channel.discard(3 * PAGE, PAGE)).isZero();
      write(channel, 4, 401); // then: zeroed
      assertThat(channel.writeZeroes(4 * PAGE, PAGE, false)).isZero();
      write(channel, 5, 501); // then: changed in part
      assertThat(channel.writeZeroes(5 * PAGE + 8, 8, true)).isZero();
      write(channel, 6, 601); // then: discarded, and staged once more
      assertThat(channel.discard(6 * PAGE, PAGE)).isZero();
      write(channel, 6, 605);
      expectTheLast(channel);
      assertThat(test.get().settle()).isTrue();
      expectTheLast(channel);
      assertThat(test.get().stats().overtakenPages()).isEqualTo(6);
      test.reopen();
      try (BlockChannel again = test.get().openChannel()) {
        expectTheLast(again);
      }
    }
  }

  private void expectTheLast(BlockChannel channel) {
    assertThat(seed(channel, 1)).isEqualTo(105);
    assertThat(channel.read(2 * PAGE, other, 0, PAGE)).isZero();
    PageFill.fill(buffer, 0, 7);
    assertThat(MemorySegment.mismatch(buffer, 0, PAGE, other, 0, PAGE)).isEqualTo(-1);
    assertThat(seed(channel, 3)).isZero();
    assertThat(seed(channel, 4)).isZero();
    assertThat(channel.read(5 * PAGE, other, 0, PAGE)).isZero();
    TestPages.write(buffer, 0, 501);
    buffer.asSlice(8, 8).fill((byte) 0);
    assertThat(MemorySegment.mismatch(buffer, 0, PAGE, other, 0, PAGE)).isEqualTo(-1);
    assertThat(seed(channel, 6)).isEqualTo(605);
  }

  @ParameterizedTest
  @ValueSource(strings = {"lz4", "line", "line+lz4", "zstd", "none"})
  void behavesLikeAnArrayOfBytesAlsoAfterReopening(String codec) throws Exception {
    StoreOptions options = new StoreOptions(SIZE, PackingSpec.parse(codec), 0);
    try (TestStore test = new TestStore(options, tuning(2, 8, 30, 64))) {
      ByteModel model = new ByteModel((int) SIZE, 7);
      for (int round = 0; round < 4; round++) {
        try (BlockChannel channel = test.get().openChannel()) {
          for (int i = 0; i < 1500; i++) {
            model.step(channel);
          }
        }
        StoreStats before = test.get().stats();
        StoreStats after = test.reopen().stats();
        assertThat(after.origDataSize()).isEqualTo(before.origDataSize());
        assertThat(after.stagedPages()).isZero();
        assertThat(after.checksumErrors()).isZero();
        assertThat(test.get().allocatedBytes()).isEqualTo(after.memUsedTotal());
        assertThat(PageKinds.counted(test.get())).isEqualTo(PageKinds.inTable(test.get()));
        try (BlockChannel channel = test.get().openChannel()) {
          model.compareAll(channel);
        }
      }
    }
  }

  @Test
  void whatWasOnlyStagedIsFoundByTheNextProcess() throws Exception {
    try (TestStore test = slow();
        BlockChannel channel = test.get().openChannel()) {
      for (int page = 0; page < 100; page++) {
        write(channel, page, 4L * page + 2);
      }
      assertThat(test.get().stats().stagedPages()).isPositive();
      test.reopen();
      assertThat(test.get().stats().stagedPages()).isZero();
      try (BlockChannel again = test.get().openChannel()) {
        for (int page = 0; page < 100; page++) {
          assertThat(seed(again, page)).isEqualTo(4L * page + 2);
        }
      }
    }
  }

  @Test
  void aFullPoolMakesTheWriterCompress() throws Exception {
    try (TestStore test = new TestStore(options(), tuning(1, 16, LONG_TIMEOUT, 16));
        BlockChannel first = test.get().openChannel();
        BlockChannel second = test.get().openChannel()) {
      write(first, 1, 101); // takes the only batch
      write(second, 2, 201);
      assertThat(test.get().stats().unstagedPages()).isEqualTo(1);
      assertThat(test.get().stats().stagedPages()).isEqualTo(1);
      assertThat(seed(second, 1)).isEqualTo(101);
      assertThat(seed(first, 2)).isEqualTo(201);
    }
  }

  @Test
  void aFullStoreKeepsWhatItAcknowledgedAndStaysBelowItsLimit() throws Exception {
    try (TestStore test = new TestStore(options(), tuning(2, 16, 50, 256));
        BlockChannel channel = test.get().openChannel()) {
      long limit = test.get().stats().memUsedTotal() + (2 << 20);
      test.get().setMemLimit(limit);
      int written = 0;
      int result = 0;
      while (result == 0) {
        TestPages.write(buffer, 0, 4L * written + 3); // random: stored as it is
        result = channel.write((long) written * PAGE, buffer, 0, PAGE);
        written += result == 0 ? 1 : 0;
      }
      assertThat(result).isEqualTo(-Errno.ENOSPC);
      assertThat(test.get().stats().memUsedMax()).isLessThanOrEqualTo(limit);
      assertThat(written).isGreaterThan((1 << 20) / PAGE);
      for (int page = 0; page < written; page++) {
        assertThat(seed(channel, page)).isEqualTo(4L * page + 3);
      }
      channel.discard(0, 128 * PAGE);
      assertThat(test.get().settle()).isTrue();
      assertThat(test.get().stats().stagedPages()).isZero();
      for (int page = 128; page < written; page++) {
        assertThat(seed(channel, page)).isEqualTo(4L * page + 3);
      }
    }
  }

  @Test
  void idlePoolMemoryGoesBackToTheKernel() throws Exception {
    try (TestStore test = new TestStore(options(), tuning(1, 16, 50, 256))) {
      long empty = test.get().stats().memUsedTotal();
      try (BlockChannel channel = test.get().openChannel()) {
        write(channel, 0, 102);
        assertThat(test.get().stats().memUsedTotal()).isGreaterThanOrEqualTo(empty + 16 * PAGE);
        channel.discard(0, PAGE);
      }
      assertThat(test.get().settle()).isTrue();
      while (test.get().stats().memUsedTotal() > empty) {
        Thread.sleep(10); // a worker does it by itself; the build's limit ends this if it does not
      }
      assertThat(test.get().allocatedBytes()).isEqualTo(empty);
    }
  }

  @Test
  void aLargeReadIsWholeWhoeverHelps() throws Exception {
    try (TestStore test = new TestStore(options(), tuning(2, 64, 50, 256));
        BlockChannel channel = test.get().openChannel()) {
      int pages = (4 << 20) / PAGE;
      for (int page = 0; page < pages; page++) {
        TestPages.write(buffer, (long) page * PAGE, 4L * page + 2);
      }
      assertThat(channel.write(0, buffer, 0, 4 << 20)).isZero();
      while (test.get().stats().sharedReads() == 0) {
        other.fill((byte) 1);
        assertThat(channel.read(0, other, 0, 4 << 20)).isZero();
        assertThat(other.mismatch(buffer)).isEqualTo(-1);
      }
    }
  }

  @Test
  void aLargeReadOfADamagedPageFails() throws Exception {
    try (TestStore test = new TestStore(options(), tuning(2, 64, 50, 0));
        BlockChannel channel = test.get().openChannel()) {
      for (int page = 0; page < 256; page++) {
        write(channel, page, 4L * page + 3);
      }
      test.overwriteEntry(200, PageEntry.ofLost(200));
      for (int i = 0; i < 100; i++) {
        assertThat(channel.read(0, other, 0, 256 * PAGE)).isEqualTo(-Errno.EIO);
      }
      assertThat(channel.read(0, other, 0, 200 * PAGE)).isZero();
    }
  }

  private void write(BlockChannel channel, int page, long seed) {
    TestPages.write(buffer, 0, seed);
    assertThat(channel.write((long) page * PAGE, buffer, 0, PAGE)).isZero();
  }

  private long seed(BlockChannel channel, int page) {
    assertThat(channel.read((long) page * PAGE, other, 0, PAGE)).isZero();
    return TestPages.seedOf(other, 0, buffer);
  }
}
