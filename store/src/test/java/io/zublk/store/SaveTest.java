package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockStatus;
import io.zublk.block.Errno;
import io.zublk.codec.PackingSpec;
import io.zublk.store.file.StoreExtent;
import io.zublk.store.table.PageEntry;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a save file holds, and what is refused as one. */
class SaveTest {

  private static final int PAGES = 1024;
  private static final long SIZE = (long) PAGES * PAGE;
  private static final Path DOCUMENT = Path.of("..", "docs", "formats", "save.md");

  private final MemorySegment buffer = Arena.ofAuto().allocate(PAGE, PAGE);
  private final MemorySegment other = Arena.ofAuto().allocate(PAGE, PAGE);

  private static StoreOptions options(String packing) {
    return new StoreOptions(SIZE, PackingSpec.parse(packing), 0);
  }

  private void fill(BlockChannel channel, int page, long word) {
    for (int i = 0; i < PAGE; i += Long.BYTES) {
      buffer.set(JAVA_LONG, i, word);
    }
    assertThat(channel.write((long) page * PAGE, buffer, 0, PAGE)).isZero();
  }

  /** Pages of every kind, each with its neighbours absent or not. */
  private void fill(PageStore store) {
    Random random = new Random(7);
    try (BlockChannel channel = store.openChannel()) {
      for (int page = 0; page < PAGES; page++) {
        switch (random.nextInt(8)) {
          case 0, 1 -> {} // absent
          case 2 -> fill(channel, page, page);
          case 3 -> fill(channel, page, (page + 0x1234_0000L) * 0x1_0000_0001L);
          case 4 -> fill(channel, page, random.nextLong());
          case 5 -> assertThat(channel.writeZeroes((long) page * PAGE, PAGE, false)).isZero();
          default -> {
            TestPages.write(buffer, 0, random.nextLong());
            assertThat(channel.write((long) page * PAGE, buffer, 0, PAGE)).isZero();
          }
        }
      }
    }
  }

  private void assertSame(PageStore expected, PageStore found) {
    try (BlockChannel a = expected.openChannel();
        BlockChannel b = found.openChannel()) {
      for (long at = 0; at < SIZE; at += PAGE) {
        int result = a.read(at, buffer, 0, PAGE);
        assertThat(b.read(at, other, 0, PAGE)).as("page %d", at / PAGE).isEqualTo(result);
        assertThat(result < 0 || buffer.mismatch(other) < 0).as("page %d", at / PAGE).isTrue();
        assertThat(b.status(at, PAGE)).isEqualTo(a.status(at, PAGE));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"lz4", "zstd", "line", "line+lz4", "none"})
  void aRestoredStoreHoldsWhatWasSavedPackedAsItWas(String packing) throws IOException {
    try (TestStore test = new TestStore(options(packing))) {
      fill(test.get());
      try (PageStore restored = SaveFile.restored(SaveFile.of(test.get()), options(packing))) {
        assertSame(test.get(), restored);
        assertThat(PageKinds.inTable(restored)).isEqualTo(PageKinds.inTable(test.get()));
        assertThat(PageKinds.counted(restored)).isEqualTo(PageKinds.counted(test.get()));
        assertThat(restored.stats().comprDataSize()).isEqualTo(test.get().stats().comprDataSize());
        assertThat(restored.stats().memUsedTotal()).isEqualTo(restored.allocatedBytes());
      }
    }
  }

  @Test
  void whatIsStagedIsCompressedInTheFile() throws IOException {
    StoreTuning patient = new StoreTuning(1, 256, 1_000_000, 4096, new BitSet(), -1);
    try (TestStore test = new TestStore(options("lz4"), patient);
        BlockChannel channel = test.get().openChannel()) {
      for (int page = 0; page < 100; page++) {
        TestPages.write(buffer, 0, 4L * page + 2);
        assertThat(channel.write((long) page * PAGE, buffer, 0, PAGE)).isZero();
      }
      assertThat(test.get().stats().stagedPages()).isPositive();
      try (PageStore restored = SaveFile.restored(SaveFile.of(test.get()), options("lz4"))) {
        assertSame(test.get(), restored);
        assertThat(restored.stats().lz4Pages()).isEqualTo(100);
      }
    }
  }

  /** In a full store objects lie in the slots of larger ones, with a head before them. */
  @Test
  void whatIsPaddedIsNotInTheFile() throws IOException {
    long limit = StoreExtent.ofNew(PAGES).metadataBytes + (1 << 20);
    try (TestStore test = new TestStore(new StoreOptions(SIZE, TestPages.LZ4, limit));
        BlockChannel channel = test.get().openChannel()) {
      int page = 0;
      do {
        TestPages.write(buffer, 0, 4L * page + 3);
      } while (channel.write((long) page++ * PAGE, buffer, 0, PAGE) == 0);
      for (page = 0; page < 50; page++) {
        TestPages.write(buffer, 0, 4L * page + 2);
        assertThat(channel.write((long) page * PAGE, buffer, 0, PAGE)).isZero();
      }
      assertThat(test.get().stats().paddedPages()).isPositive();
      try (PageStore restored = SaveFile.restored(SaveFile.of(test.get()), options("lz4"))) {
        assertSame(test.get(), restored);
        assertThat(restored.stats().paddedPages()).isZero();
        assertThat(restored.stats().lz4Pages()).isEqualTo(50);
      }
    }
  }

  @Test
  void pagesOfOneWordTakeEightBytesAndAbsentOnesNone() throws IOException {
    try (TestStore test = new TestStore(new StoreOptions(1L << 40, TestPages.LZ4, 0));
        BlockChannel channel = test.get().openChannel()) {
      int empty = SaveFile.of(test.get()).length;
      assertThat(empty).isEqualTo(128 + 48);
      assertThat(channel.writeZeroes(1L << 39, SIZE, false)).isZero();
      assertThat(SaveFile.of(test.get())).hasSize(empty + PAGES * 8 + PAGES / 256 * 32);
    }
  }

  @Test
  void aDamagedPageStaysOne() throws IOException {
    try (TestStore test = new TestStore(options("none"))) {
      fill(test.get());
      for (int page = 10; page < 20; page++) {
        test.overwriteEntry(page, PageEntry.ofRaw(page, 0, 0));
      }
      byte[] file;
      var bytes = new java.io.ByteArrayOutputStream();
      SavedPages saved = test.get().save(Channels.newChannel(bytes));
      file = bytes.toByteArray();
      assertThat(saved.lostPages()).isEqualTo(10);
      assertThat(saved.pages()).isEqualTo(SaveTest.present(test.get()));
      try (PageStore restored = SaveFile.restored(file, options("none"));
          BlockChannel channel = restored.openChannel()) {
        assertSame(test.get(), restored);
        assertThat(channel.read(15L * PAGE, buffer, 0, PAGE)).isEqualTo(-Errno.EIO);
      }
    }
  }

  private static long present(PageStore store) {
    long count = 0;
    for (int page = 0; page < PAGES; page++) {
      count += store.pages().table().get(page) != 0 ? 1 : 0;
    }
    return count;
  }

  @Test
  void aRestoredStoreMayBeLargerAndPackOtherwise() throws IOException {
    try (TestStore test = new TestStore(options("lz4"))) {
      fill(test.get());
      StoreOptions larger = new StoreOptions(4 * SIZE, PackingSpec.parse("zstd"), 0);
      try (PageStore restored = SaveFile.restored(SaveFile.of(test.get()), larger);
          BlockChannel channel = restored.openChannel()) {
        assertSame(test.get(), restored);
        assertThat(channel.status(SIZE, 3 * SIZE))
            .isEqualTo(BlockStatus.of(3 * SIZE, BlockStatus.HOLE | BlockStatus.ZERO));
        TestPages.write(buffer, 0, 2);
        assertThat(channel.write(0, buffer, 0, PAGE)).isZero();
        assertThat(restored.stats().zstdPages()).isEqualTo(1);
        assertThat(restored.options()).isEqualTo(larger);
      }
    }
  }

  @Test
  void whatFitsNeitherTheSizeNorTheLimitIsRefused() throws IOException {
    try (TestStore test = new TestStore(options("none"))) {
      fill(test.get());
      byte[] file = SaveFile.of(test.get());
      StoreOptions smaller = new StoreOptions(SIZE - PAGE, TestPages.LZ4, 0);
      assertThatThrownBy(() -> SaveFile.restored(file, smaller))
          .isInstanceOf(IOException.class)
          .hasMessage("holds a device of 4194304 bytes, which do not fit into 4190208");
      long limit = StoreExtent.ofNew(PAGES).metadataBytes + (64 << 10);
      assertThatThrownBy(
              () -> SaveFile.restored(file, new StoreOptions(SIZE, TestPages.LZ4, limit)))
          .isInstanceOf(IOException.class)
          .hasMessage("holds more than there is memory for");
      assertThat(leftovers()).isEmpty();
    }
  }

  private static String leftovers() throws IOException {
    try (var files = Files.list(TestPages.SHM)) {
      return files
          .map(Path::toString)
          .filter(name -> name.contains("zublk-restored"))
          .collect(Collectors.joining(" "));
    }
  }

  /** A few pages of all kinds in several blocks. */
  private byte[] small() throws IOException {
    try (TestStore test = new TestStore(options("lz4"));
        BlockChannel channel = test.get().openChannel()) {
      fill(channel, 0, 0x1234);
      fill(channel, 1, 0x1234_5678_1234_5678L);
      fill(channel, 2, 0x0123_4567_89ab_cdefL);
      for (int page : new int[] {4, 100, 101}) {
        fill(channel, page, 5);
        buffer.set(JAVA_LONG, 800, page);
        assertThat(channel.write((long) page * PAGE, buffer, 0, PAGE)).isZero();
      }
      return SaveFile.of(test.get());
    }
  }

  private static void assertRefused(byte[] file, String what) {
    assertThatThrownBy(() -> SaveFile.restored(file, options("lz4")).close(), what)
        .as(what)
        .isInstanceOf(IOException.class)
        .hasMessageMatching("is (damaged|cut off|of version|no file that).*");
  }

  @Test
  void everyChangedByteIsFound() throws IOException {
    byte[] file = small();
    for (int i = 0; i < file.length; i++) {
      for (int change : new int[] {1 << (i & 7), 0xff}) {
        byte[] changed = file.clone();
        changed[i] ^= (byte) change;
        assertRefused(changed, "byte %d ^ %x".formatted(i, change));
      }
    }
  }

  @Test
  void everyFileThatIsCutOffIsRefusedAndOneThatGoesOn() throws IOException {
    byte[] file = small();
    for (int length = 0; length < file.length; length++) {
      assertRefused(Arrays.copyOf(file, length), length + " bytes");
    }
    assertRefused(Arrays.copyOf(file, file.length + 1), "one byte more");
  }

  @Test
  void blocksInAnotherOrderOfAnotherFileOrTwiceAreRefused() throws IOException {
    byte[] file = small();
    int second = blockEnd(file, 128);
    int third = blockEnd(file, second);
    byte[] head = Arrays.copyOf(file, 128);
    byte[] first = Arrays.copyOfRange(file, 128, second);
    byte[] next = Arrays.copyOfRange(file, second, third);
    byte[] rest = Arrays.copyOfRange(file, third, file.length);
    assertThat(joined(head, first, next, rest)).isEqualTo(file);
    assertRefused(joined(head, next, first, rest), "swapped");
    assertRefused(joined(head, next, rest), "without the first");
    assertRefused(joined(head, first, rest), "without the second");
    assertRefused(joined(head, first, first, next, rest), "twice");
    assertRefused(joined(head, rest), "only the end");
    byte[] later = small();
    byte[] foreign = Arrays.copyOfRange(later, second, third);
    assertRefused(joined(head, first, foreign, rest), "of another file");
    assertRefused(joined(Arrays.copyOf(later, 128), first, next, rest), "with another header");
  }

  /** All checksums are right: whoever made it so has a fault, or means harm. */
  @Test
  void aPageThatIsInTwoBlocksIsFound() throws IOException {
    byte[] file = small();
    int second = blockEnd(file, 128);
    byte[] head = Arrays.copyOf(file, 128);
    byte[] first = Arrays.copyOfRange(file, 128, second);
    byte[] again = first.clone();
    again[12] = 1; // the block's number
    byte[] end = Arrays.copyOfRange(file, file.length - 48, file.length);
    long pages = 4; // 0, 1, 2, 4
    SaveFile.restored(joined(head, first, ended(end, pages, first)), options("lz4")).close();
    sign(again);
    byte[] twice = joined(head, first, again, ended(end, 2 * pages, first, again));
    assertThatThrownBy(() -> SaveFile.restored(twice, options("lz4")).close())
        .isInstanceOf(IOException.class)
        .hasMessageMatching("is damaged: page . is in it twice");
  }

  /** The last block of a file of other blocks. */
  private static byte[] ended(byte[] end, long pages, byte[]... blocks) {
    CRC32C whole = new CRC32C();
    for (byte[] block : blocks) {
      whole.update(block, 0, 4);
    }
    byte[] changed = end.clone();
    ByteBuffer.wrap(changed)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(12, blocks.length)
        .putLong(32, pages)
        .putLong(40, whole.getValue());
    sign(changed);
    return changed;
  }

  private static void sign(byte[] block) {
    CRC32C crc = new CRC32C();
    crc.update(block, 4, block.length - 4);
    ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN).putInt(0, (int) crc.getValue());
  }

  private static int blockEnd(byte[] file, int start) {
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    return start + 32 + bytes.getInt(start + 8) + 8 * bytes.getInt(start + 4);
  }

  private static byte[] joined(byte[]... parts) {
    ByteBuffer all = ByteBuffer.allocate(Arrays.stream(parts).mapToInt(p -> p.length).sum());
    Arrays.stream(parts).forEach(all::put);
    return all.array();
  }

  @Test
  void aNewerVersionIsRefusedInWords() throws IOException {
    byte[] file = small();
    file[8] = 2;
    assertThatThrownBy(() -> SavedDevice.read(SaveFile.channel(file)))
        .hasMessage(
            "is of version 2, this zublk reads 1: take a newer one, or the file is damaged");
    assertThatThrownBy(() ->
            SavedDevice.read(SaveFile.channel("#!/bin/sh -eu".getBytes(StandardCharsets.UTF_8))))
        .hasMessage("is no file that 'zublk save' wrote");
  }

  @Test
  void theHeaderTellsOfTheDevice() throws IOException {
    SavedDevice device = SavedDevice.read(SaveFile.channel(small()));
    assertThat(device).isEqualTo(new SavedDevice(SIZE, TestPages.LZ4));
  }

  /** Not when somebody reads them, which fails then. */
  @Test
  void pagesWhoseLibraryIsMissingAreRefusedAtOnce() throws Exception {
    Path file = Files.createTempFile("zublk-saved", "");
    try (TestStore test = new TestStore(options("zstd"))) {
      fill(test.get());
      Files.write(file, SaveFile.of(test.get()));
    }
    String libraries =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(jar -> !jar.contains("zstd-jni"))
            .collect(Collectors.joining(File.pathSeparator));
    Process restorer =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                libraries,
                SaveFile.class.getName(),
                file.toString())
            .redirectErrorStream(true)
            .start();
    assertThat(restorer.inputReader().readAllAsString())
        .startsWith("holds pages that this machine cannot read: no compression library")
        .contains("zstd")
        .hasLineCount(1);
    Files.delete(file);
  }

  /** The test vector of the document. */
  @Test
  void theFileOfTheDocumentIsRead() throws IOException {
    String hex =
        Files.readString(DOCUMENT)
            .lines()
            .filter(line -> line.matches("    [0-9a-f]{2}( +[0-9a-f]{2})* *(#.*)?"))
            .map(line -> line.replaceAll("#.*| ", ""))
            .collect(Collectors.joining());
    byte[] file = HexFormat.of().parseHex(hex);
    assertThat(SavedDevice.read(SaveFile.channel(file)))
        .isEqualTo(new SavedDevice(64L * PAGE, PackingSpec.parse("lz4")));
    StoreOptions options = new StoreOptions(64L * PAGE, TestPages.LZ4, 0);
    try (PageStore restored = SaveFile.restored(file, options);
        BlockChannel channel = restored.openChannel()) {
      assertThat(words(channel, 0)).isEqualTo("10");
      assertThat(words(channel, 1)).isEqualTo("1234567812345678");
      assertThat(words(channel, 2)).isEqualTo("123456789abcdef");
      assertThat(words(channel, 3)).isEqualTo("0");
      assertThat(words(channel, 4)).isEqualTo("5");
      assertThat(other.get(JAVA_LONG, 800)).isEqualTo(4);
      assertThat(words(channel, 40)).isEqualTo("fffffffffffffffb");
      assertThat(restored.stats().origDataSize()).isEqualTo(5L * PAGE);
    }
  }

  /** The first word of a page. */
  private String words(BlockChannel channel, long page) {
    assertThat(channel.read(page * PAGE, other, 0, PAGE)).isZero();
    return Long.toHexString(other.get(JAVA_LONG, 0));
  }
}
