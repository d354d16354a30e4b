package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockStatus;
import io.zublk.block.Errno;
import io.zublk.codec.PackingSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageStoreTest {

  private static final long SIZE = 8 << 20;

  private final MemorySegment buffer = Arena.ofAuto().allocate(1 << 20, PAGE);
  private final MemorySegment other = Arena.ofAuto().allocate(1 << 20, PAGE);

  private static TestStore open(String codec) throws Exception {
    return new TestStore(new StoreOptions(SIZE, PackingSpec.parse(codec), 0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"lz4", "line", "line+lz4", "line+zstd", "zstd", "zstd(level=9)", "none"})
  void behavesLikeAnArrayOfBytesAlsoAfterReopening(String codec) throws Exception {
    try (TestStore test = open(codec)) {
      ByteModel model = new ByteModel((int) SIZE, 42);
      for (int round = 0; round < 4; round++) {
        try (BlockChannel channel = test.get().openChannel()) {
          for (int i = 0; i < 1500; i++) {
            model.step(channel);
          }
        }
        StoreStats before = test.get().stats();
        PageKinds kinds = PageKinds.inTable(test.get());
        assertThat(PageKinds.counted(test.get())).isEqualTo(kinds);
        assertThat(kinds.sum() * PAGE).isEqualTo(before.origDataSize());
        StoreStats after = test.reopen().stats();
        assertThat(after.origDataSize()).isEqualTo(before.origDataSize());
        assertThat(after.comprDataSize()).isEqualTo(before.comprDataSize());
        assertThat(PageKinds.counted(test.get())).isEqualTo(kinds);
        assertThat(after.memUsedTotal()).isEqualTo(before.memUsedTotal());
        assertThat(after.checksumErrors()).isZero();
        assertThat(test.get().allocatedBytes()).isEqualTo(after.memUsedTotal());
        try (BlockChannel channel = test.get().openChannel()) {
          model.compareAll(channel);
        }
      }
    }
  }

  @Test
  void countsWhatZramCounts() throws Exception {
    try (TestStore test = open("lz4");
        BlockChannel channel = test.get().openChannel()) {
      for (int i = 0; i < 256; i++) {
        TestPages.write(buffer, (long) i * PAGE, 4096 + i); // a quarter of each kind
      }
      assertThat(channel.write(0, buffer, 0, 1 << 20)).isZero();
      StoreStats stats = test.get().stats();
      assertThat(stats.origDataSize()).isEqualTo(1 << 20);
      assertThat(stats.samePages()).isEqualTo(64);
      assertThat(stats.hugePages()).isEqualTo(64);
      assertThat(stats.hugePagesSince()).isEqualTo(64);
      assertThat(stats.comprDataSize()).isBetween(64L * PAGE, 160L * PAGE);
      assertThat(stats.memUsedTotal()).isEqualTo(test.get().allocatedBytes());
      assertThat(stats.memUsedTotal()).isGreaterThan(stats.comprDataSize());

      assertThat(channel.discard(0, 1 << 20)).isZero();
      StoreStats empty = test.get().stats();
      assertThat(empty.origDataSize()).isZero();
      assertThat(empty.comprDataSize()).isZero();
      assertThat(empty.notifyFree()).isEqualTo(256);
      assertThat(empty.memUsedTotal()).isEqualTo(test.get().allocatedBytes());
      assertThat(empty.memUsedTotal()).isLessThan(stats.memUsedTotal() - stats.comprDataSize());
      assertThat(empty.memUsedMax()).isGreaterThanOrEqualTo(stats.memUsedTotal());
    }
  }

  @Test
  void filledPagesOfSmallOrRepeatingWordsCostNoArena() throws Exception {
    try (TestStore test = open("lz4");
        BlockChannel channel = test.get().openChannel()) {
      long empty = test.get().stats().memUsedTotal();
      long[] words = {0, -1, 0x5555_5555_5555_5555L, 0x7f12_3456_7890L, 0x12345678_12345678L};
      for (int i = 0; i < words.length; i++) {
        io.zublk.codec.PageFill.fill(buffer, 0, words[i]);
        assertThat(channel.write((long) i * PAGE, buffer, 0, PAGE)).isZero();
        assertThat(channel.read((long) i * PAGE, other, 0, PAGE)).isZero();
        assertThat(MemorySegment.mismatch(buffer, 0, PAGE, other, 0, PAGE)).isEqualTo(-1);
      }
      assertThat(test.get().stats().memUsedTotal()).isEqualTo(empty);
      assertThat(test.get().stats().samePages()).isEqualTo(words.length);
    }
  }

  @Test
  void aFullStoreSaysEnospcAndKeepsWhatItHas() throws Exception {
    try (TestStore test = open("lz4");
        BlockChannel channel = test.get().openChannel()) {
      long limit = test.get().stats().memUsedTotal() + (1 << 20);
      test.get().setMemLimit(limit);
      assertThat(test.get().options().memLimitBytes()).isEqualTo(limit);
      int written = 0;
      int result = 0;
      while (result == 0) {
        TestPages.write(buffer, 0, 4L * written + 7); // random: stored as it is
        result = channel.write((long) written * PAGE, buffer, 0, PAGE);
        written += result == 0 ? 1 : 0;
      }
      assertThat(result).isEqualTo(-Errno.ENOSPC);
      assertThat(written).isEqualTo((1 << 20) / PAGE);
      assertThat(test.get().stats().memUsedTotal()).isLessThanOrEqualTo(limit);
      assertThat(test.get().stats().failedWrites()).isEqualTo(1);
      for (int page = 0; page < written; page++) {
        assertThat(channel.read((long) page * PAGE, buffer, 0, PAGE)).isZero();
        assertThat(TestPages.seedOf(buffer, 0, other)).isEqualTo(4L * page + 7);
      }
      channel.discard(0, PAGE);
      TestPages.write(buffer, 0, 3);
      assertThat(channel.write(5L * PAGE, buffer, 0, PAGE)).isZero();
    }
  }

  @Test
  void unalignedEndsOfZeroingKeepTheirNeighbours() throws Exception {
    try (TestStore test = open("lz4");
        BlockChannel channel = test.get().openChannel()) {
      buffer.fill((byte) 9);
      channel.write(0, buffer, 0, 4 * PAGE);
      assertThat(channel.writeZeroes(100, 3 * PAGE, true)).isZero();
      channel.read(0, other, 0, 4 * PAGE);
      assertThat(other.get(JAVA_BYTE, 99)).isEqualTo((byte) 9);
      assertThat(other.get(JAVA_BYTE, 100)).isZero();
      assertThat(other.get(JAVA_BYTE, 3 * PAGE + 99)).isZero();
      assertThat(other.get(JAVA_BYTE, 3 * PAGE + 100)).isEqualTo((byte) 9);
    }
  }

  @Test
  void statusTellsHolesZerosAndDataApart() throws Exception {
    try (TestStore test = open("lz4");
        BlockChannel channel = test.get().openChannel()) {
      buffer.fill((byte) 9);
      channel.write(2 * PAGE, buffer, 0, 2 * PAGE);
      channel.writeZeroes(4 * PAGE, PAGE, false);
      int hole = BlockStatus.HOLE | BlockStatus.ZERO;
      assertThat(channel.status(0, SIZE)).isEqualTo(BlockStatus.of(2 * PAGE, hole));
      assertThat(channel.status(100, SIZE - 100)).isEqualTo(BlockStatus.of(2 * PAGE - 100, hole));
      assertThat(channel.status(2 * PAGE, SIZE - 2 * PAGE)).isEqualTo(BlockStatus.of(2 * PAGE, 0));
      assertThat(channel.status(4 * PAGE, 5)).isEqualTo(BlockStatus.of(5, BlockStatus.ZERO));
      assertThat(channel.status(5 * PAGE, SIZE - 5 * PAGE))
          .isEqualTo(BlockStatus.of(SIZE - 5 * PAGE, hole));
    }
  }

  @Test
  void rangesOutsideTheDeviceAreInvalid() throws Exception {
    try (TestStore test = open("lz4");
        BlockChannel channel = test.get().openChannel()) {
      assertThat(channel.read(SIZE, buffer, 0, 1)).isEqualTo(-Errno.EINVAL);
      assertThat(channel.write(SIZE - 1, buffer, 0, 2)).isEqualTo(-Errno.EINVAL);
      assertThat(channel.discard(-PAGE, PAGE)).isEqualTo(-Errno.EINVAL);
      assertThat(channel.writeZeroes(0, SIZE + 1, true)).isEqualTo(-Errno.EINVAL);
      assertThat(channel.status(SIZE, 1)).isEqualTo(-Errno.EINVAL);
      assertThat(test.get().stats().invalidIo()).isEqualTo(5);
    }
  }

  @Test
  void impossibleOptionsAreRefusedInOneLine() {
    assertThatThrownBy(() -> new StoreOptions(0, TestPages.LZ4, 0)).hasMessageContaining("not 0");
    assertThatThrownBy(() -> new StoreOptions(4097, TestPages.LZ4, 0))
        .hasMessageContaining("multiple of 4096");
    assertThatThrownBy(() -> new StoreOptions(2L << 40, TestPages.LZ4, 0))
        .hasMessageContaining("at most 1 TiB");
    assertThatThrownBy(() -> new StoreOptions(1 << 30, TestPages.LZ4, 4096))
        .hasMessageContaining("memory limit");
  }

  @Test
  void aStoreFileHasOneServerAndIsNeverOverwritten() throws Exception {
    try (TestStore test = open("lz4")) {
      assertThatThrownBy(() -> PageStore.open(test.path)).hasMessageContaining("another process");
      assertThatThrownBy(() -> PageStore.create(test.path, test.get().options()))
          .hasMessageContaining("EEXIST");
    }
  }

  @Test
  void whatIsNoStoreIsNotOpened() throws Exception {
    var path = Files.createTempFile(TestPages.SHM, "zublk", "x");
    try {
      assertThatThrownBy(() -> PageStore.open(path)).hasMessageContaining("only 0 bytes");
      Files.write(path, new byte[100_000]);
      assertThatThrownBy(() -> PageStore.open(path)).hasMessageContaining("no zublk store");
    } finally {
      Files.delete(path);
    }
  }

  @Test
  void closingAStoreAgainDoesNothing() throws Exception {
    try (TestStore test = open("lz4")) {
      test.get().close();
      // Takes the addresses that the first one had, as anybody's memory might.
      try (TestStore other = open("lz4")) {
        test.get().close();
        assertThat(other.get().stats().origDataSize()).isZero(); // read from its file
      }
    }
  }
}
