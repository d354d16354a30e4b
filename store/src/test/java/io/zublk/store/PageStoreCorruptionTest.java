package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockStatus;
import io.zublk.block.Errno;
import io.zublk.codec.PackingSpec;
import io.zublk.store.file.StoreExtent;
import io.zublk.store.file.StoreLayout;
import io.zublk.store.table.PageEntry;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damage to the store file is an I/O error, and never other data than was written. */
class PageStoreCorruptionTest {

  private static final int PAGES = 1024;
  private static final StoreLayout LAYOUT = StoreLayout.ofNew(PAGES);

  private final MemorySegment buffer = Arena.ofAuto().allocate(PAGE, PAGE);
  private final MemorySegment scratch = Arena.ofAuto().allocate(PAGE, PAGE);

  @ParameterizedTest
  @ValueSource(strings = {"lz4", "zstd", "line", "none"})
  void anyDamagedByteIsFoundOrDoesNotMatter(String codec) throws Exception {
    StoreOptions options = new StoreOptions((long) PAGES * PAGE, PackingSpec.parse(codec), 0);
    try (TestStore test = new TestStore(options)) {
      fill(test.get());
      long used = test.get().stats().memUsedTotal() - StoreExtent.ofNew(PAGES).metadataBytes;
      damage(test, LAYOUT.arenaOffset, LAYOUT.arenaOffset + used, 3000);
      damage(test, LAYOUT.tableOffset, LAYOUT.tableOffset + 8L * PAGES, 60);
      int wrong = countDamagedPages(test.get());
      assertThat(wrong).isBetween(200, PAGES - 1);
      assertThat(test.get().stats().checksumErrors()).isEqualTo(wrong);
      // A new process finds the same damage, and no more of it.
      assertThat(countDamagedPages(test.reopen())).isEqualTo(wrong);
      // What is written anew is whole again.
      fill(test.get());
      assertThat(countDamagedPages(test.get())).isZero();
    }
  }

  @Test
  void entriesThatChangedPlacesAreFound() throws Exception {
    StoreOptions options = new StoreOptions((long) PAGES * PAGE, TestPages.LZ4, 0);
    try (TestStore test = new TestStore(options)) {
      fill(test.get());
      try (LinuxFile file = LinuxFile.open(test.path, LinuxFile.O_RDWR, 0)) {
        MemorySegment table = Memory.mapShared(file, 0, LAYOUT.directoryOffset);
        MemorySegment entries = table.asSlice(LAYOUT.tableOffset, 8L * PAGES);
        byte[] all = entries.toArray(JAVA_BYTE);
        MemorySegment.copy(all, 8, entries, JAVA_BYTE, 0, 8 * (PAGES - 1));
        Memory.unmap(table);
      }
      assertThat(countDamagedPages(test.get())).isEqualTo(PAGES - 1);
    }
  }

  /** A client is told of holes and zeros without reading them. */
  @Test
  void noFlippedBitOfAnEntryMakesDataAHoleOrZeros() throws Exception {
    StoreOptions options = new StoreOptions((long) PAGES * PAGE, TestPages.LZ4, 0);
    try (TestStore test = new TestStore(options);
        BlockChannel channel = test.get().openChannel()) {
      fill(test.get());
      for (int page = 0; page < 8; page++) {
        for (int bit = 0; bit < Long.SIZE; bit++) {
          long at = LAYOUT.tableOffset + page * 8L + bit / 8;
          byte good = get(test, at);
          set(test, at, (byte) (good ^ (1 << (bit % 8))));
          assertThat(channel.status((long) page * PAGE, PAGE))
              .as("page %d, bit %d", page, bit)
              .isEqualTo(BlockStatus.of(PAGE, 0));
          if (1L << bit != PageEntry.LOCK) {
            assertThat(channel.read((long) page * PAGE, buffer, 0, PAGE)).isEqualTo(-Errno.EIO);
          }
          set(test, at, good);
        }
      }
      assertThat(countDamagedPages(test.get())).isZero();
    }
  }

  /** Two good entries of one place, which no single entry's check can tell. */
  @Test
  void aPlaceThatTwoPagesClaimIsTheFirstOnesAndTheOtherIsLost() throws Exception {
    StoreOptions options = new StoreOptions((long) PAGES * PAGE, TestPages.LZ4, 0);
    try (TestStore test = new TestStore(options)) {
      try (BlockChannel channel = test.get().openChannel()) {
        for (int page : new int[] {3, 8}) {
          TestPages.write(buffer, 0, 2);
          assertThat(channel.write((long) page * PAGE, buffer, 0, PAGE)).isZero();
        }
      }
      long first = test.entry(3);
      assertThat(PageEntry.kind(first)).isEqualTo(PageEntry.LZ4);
      test.overwriteEntry(
          8,
          PageEntry.ofObject(8, PageEntry.LZ4, PageEntry.length(first), PageEntry.location(first)));
      test.reopen();
      assertThat(PageEntry.kind(test.entry(8))).isEqualTo(PageEntry.LOST);
      assertThat(test.get().stats().checksumErrors()).isEqualTo(1);
      try (BlockChannel channel = test.get().openChannel()) {
        assertThat(channel.read(8 * PAGE, buffer, 0, PAGE)).isEqualTo(-Errno.EIO);
        assertThat(channel.status(8 * PAGE, PAGE)).isEqualTo(BlockStatus.of(PAGE, 0));
        // Neither a discard nor a write of the lost page frees what is the other's.
        assertThat(channel.discard(8 * PAGE, PAGE)).isZero();
        TestPages.write(buffer, 0, 6);
        assertThat(channel.write(8 * PAGE, buffer, 0, PAGE)).isZero();
        assertThat(channel.read(8 * PAGE, buffer, 0, PAGE)).isZero();
        assertThat(TestPages.seedOf(buffer, 0, scratch)).isEqualTo(6);
        assertThat(channel.read(3 * PAGE, buffer, 0, PAGE)).isZero();
        assertThat(TestPages.seedOf(buffer, 0, scratch)).isEqualTo(2);
      }
    }
  }

  @Test
  void aLockBitThatNobodyHoldsIsAnErrorUntilTheFileIsOpenedAgain() throws Exception {
    StoreOptions options = new StoreOptions((long) PAGES * PAGE, TestPages.LZ4, 0);
    try (TestStore test = new TestStore(options)) {
      fill(test.get());
      long top = LAYOUT.tableOffset + 7; // of the entry of page 0
      set(test, top, (byte) (get(test, top) | (PageEntry.LOCK >>> 56)));
      try (BlockChannel channel = test.get().openChannel()) {
        assertThat(channel.read(0, buffer, 0, PAGE)).isEqualTo(-Errno.EIO);
        assertThat(channel.write(0, buffer, 0, PAGE)).isEqualTo(-Errno.EIO);
      }
      test.reopen();
      assertThat(countDamagedPages(test.get())).isZero();
    }
  }

  @Test
  void aFileOfAnotherLayoutIsNotOpened() throws Exception {
    StoreOptions options = new StoreOptions((long) PAGES * PAGE, TestPages.LZ4, 0);
    try (TestStore test = new TestStore(options)) {
      byte version = get(test, 8);
      for (byte other : new byte[] {2, 99}) {
        set(test, 8, other);
        assertThatThrownBy(test::reopen)
            .hasMessage(
                "%s has store layout %d; this zublk reads 3 to %d"
                    .formatted(test.path, other, version));
      }
      set(test, 8, version);
      test.adopt(PageStore.open(test.path));
    }
  }

  @Test
  void aDamagedSuperblockIsNotOpened() throws Exception {
    StoreOptions options = new StoreOptions((long) PAGES * PAGE, TestPages.LZ4, 0);
    try (TestStore test = new TestStore(options)) {
      byte good = get(test, 17);
      set(test, 17, (byte) (good + 1));
      assertThatThrownBy(test::reopen).hasMessageContaining("damaged superblock");
      set(test, 17, good);
      test.adopt(PageStore.open(test.path));
    }
  }

  /** The size may change, so it has a check of its own. */
  @Test
  void aDamagedSizeIsNotOpened() throws Exception {
    StoreOptions options = new StoreOptions((long) PAGES * PAGE, TestPages.LZ4, 0);
    try (TestStore test = new TestStore(options)) {
      byte good = get(test, 80);
      set(test, 80, (byte) (good + 1));
      assertThatThrownBy(test::reopen).hasMessageContaining("damaged superblock");
      set(test, 80, good);
      test.adopt(PageStore.open(test.path));
    }
  }

  /** So many that their number of bytes, modulo 2^64, is right. */
  @Test
  void aSuperblockOfMorePagesThanADeviceCanHaveIsNotOpened() throws Exception {
    StoreOptions options = new StoreOptions((long) PAGES * PAGE, TestPages.LZ4, 0);
    try (TestStore test = new TestStore(options)) {
      for (byte highest : new byte[] {0x20, (byte) 0x80}) {
        set(test, 16 + 7, highest);
        seal(test);
        assertThatThrownBy(test::reopen).hasMessageContaining("pages; no device can");
      }
      set(test, 16 + 7, (byte) 0);
      seal(test);
      test.adopt(PageStore.open(test.path));
    }
  }

  /** Makes the superblock's checksum right again. */
  private static void seal(TestStore test) throws Exception {
    CRC32C crc = new CRC32C();
    for (int at = 0; at < 64; at++) {
      crc.update(get(test, at));
    }
    for (int i = 0; i < Integer.BYTES; i++) {
      set(test, 64 + i, (byte) (crc.getValue() >>> (8 * i)));
    }
  }

  private void fill(PageStore store) {
    try (BlockChannel channel = store.openChannel()) {
      for (int page = 0; page < PAGES; page++) {
        TestPages.write(buffer, 0, 1 + page * 3L);
        assertThat(channel.write((long) page * PAGE, buffer, 0, PAGE)).isZero();
      }
    }
  }

  private int countDamagedPages(PageStore store) {
    int damaged = 0;
    try (BlockChannel channel = store.openChannel()) {
      for (int page = 0; page < PAGES; page++) {
        int result = channel.read((long) page * PAGE, buffer, 0, PAGE);
        if (result == -Errno.EIO) {
          damaged++;
        } else {
          assertThat(result).isZero();
          assertThat(TestPages.seedOf(buffer, 0, scratch)).isEqualTo(1 + page * 3L);
        }
      }
    }
    return damaged;
  }

  private static void damage(TestStore test, long from, long to, int bytes) throws Exception {
    Random random = new Random(to);
    for (int i = 0; i < bytes; i++) {
      long at = from + (long) (random.nextDouble() * (to - from));
      // Lock bits are left alone here: each would take seconds to be recognised.
      set(test, at, (byte) (get(test, at) ^ (random.nextInt(256) & ~0x08)));
    }
  }

  private static byte get(TestStore test, long at) throws Exception {
    try (LinuxFile file = LinuxFile.open(test.path, LinuxFile.O_RDWR, 0);
        Arena arena = Arena.ofConfined()) {
      MemorySegment one = arena.allocate(1);
      assertThat(file.read(at, one, 0, 1)).isEqualTo(1);
      return one.get(JAVA_BYTE, 0);
    }
  }

  private static void set(TestStore test, long at, byte value) throws Exception {
    try (LinuxFile file = LinuxFile.open(test.path, LinuxFile.O_RDWR, 0);
        Arena arena = Arena.ofConfined()) {
      MemorySegment one = arena.allocate(1);
      one.set(JAVA_BYTE, 0, value);
      assertThat(file.write(at, one, 0, 1)).isEqualTo(1);
    }
  }

  @Test
  void anEntryOfALengthThatNoObjectHasCostsItsPageOnly() throws Exception {
    try (TestStore test = new TestStore(new StoreOptions(64L * PAGE, TestPages.LZ4, 0))) {
      try (BlockChannel channel = test.get().openChannel()) {
        TestPages.write(buffer, 0, 1);
        assertThat(channel.write(PAGE, buffer, 0, PAGE)).isZero();
        test.overwriteEntry(0, PageEntry.ofObject(0, PageEntry.LZ4, 4095, 0));
        assertThat(channel.read(0, buffer, 0, PAGE)).isEqualTo(-Errno.EIO);
        boolean _ = test.get().compact();
      }
      try (BlockChannel channel = test.reopen().openChannel()) {
        assertThat(channel.read(0, buffer, 0, PAGE)).isEqualTo(-Errno.EIO);
        assertThat(channel.read(PAGE, buffer, 0, PAGE)).isZero();
        assertThat(channel.discard(0, PAGE)).isZero();
        assertThat(channel.read(0, buffer, 0, PAGE)).isZero();
      }
    }
  }

  @Test
  void aDamagedMemoryLimitIsNone() throws Exception {
    long limit = 64L << 20;
    try (TestStore test = new TestStore(new StoreOptions(64L * PAGE, TestPages.LZ4, limit))) {
      assertThat(test.reopen().stats().memLimit()).isEqualTo(limit);
      test.get().close();
      for (int bit = 0; bit < Long.SIZE; bit++) {
        flipLimitsBit(test, bit);
        try (PageStore opened = PageStore.open(test.path);
            BlockChannel channel = opened.openChannel()) {
          assertThat(opened.stats().memLimit()).as("bit %d", bit).isZero();
          TestPages.write(buffer, 0, 1 + bit);
          assertThat(channel.write(0, buffer, 0, PAGE)).isZero();
        }
        flipLimitsBit(test, bit);
      }
    }
  }

  private static void flipLimitsBit(TestStore test, int bit) throws IOException {
    try (FileChannel file =
        FileChannel.open(test.path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer word = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      file.read(word, 72);
      file.write(word.putLong(0, word.getLong(0) ^ (1L << bit)).flip(), 72);
    }
  }
}
