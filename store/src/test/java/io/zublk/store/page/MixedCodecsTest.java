package io.zublk.store.page;

import static io.zublk.block.Geometry.PAGE_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.BlockChannel;
import io.zublk.block.Errno;
import io.zublk.codec.PackingSpec;
import io.zublk.codec.PageCodec;
import io.zublk.store.PageKinds;
import io.zublk.store.PageStore;
import io.zublk.store.TestPages;
import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.arena.SlabArena;
import io.zublk.store.file.StoreFile;
import io.zublk.store.staging.StagingArea;
import io.zublk.store.table.PageEntry;
import io.zublk.store.table.PageTable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A store that holds pages of other codecs than its device's. */
class MixedCodecsTest {

  private static final int PAGES = 256;

  /** What takes turns at writing pages. */
  private static final List<PackingSpec> WRITERS =
      List.of(TestPages.LZ4, TestPages.ZSTD, TestPages.LINE);

  private static final int[] KINDS = {PageEntry.LZ4, PageEntry.ZSTD, PageEntry.LINE};

  private final MemorySegment page = Arena.ofAuto().allocate(PAGE_BYTES, PAGE_BYTES);
  private final MemorySegment other = Arena.ofAuto().allocate(PAGE_BYTES, PAGE_BYTES);

  private Path path;
  private StoreFile file;
  private MemoryBudget budget;
  private SlabArena arena;
  private StagingArea staging;

  @BeforeEach
  void chooseAPath() throws IOException {
    path = Files.createTempDirectory(TestPages.SHM, "zublk-codecs-test").resolve("store");
  }

  private void create(String packing) throws IOException {
    file = StoreFile.create(path, PAGES, PackingSpec.parse(packing), StoreFile.ANY_NODE);
    budget = new MemoryBudget(file.extent().metadataBytes, 0);
    arena = new SlabArena(file, budget, false);
    staging = new StagingArea(file, budget, 0, 1);
  }

  @AfterEach
  void delete() throws IOException {
    if (file != null) {
      file.close();
    }
    Files.delete(path);
    Files.delete(path.getParent());
  }

  @ParameterizedTest
  @ValueSource(strings = {"lz4", "line", "line+lz4", "zstd", "none"})
  void anyChannelReadsPagesOfAnyKindAlsoAfterReopening(String codec) throws Exception {
    create(codec);
    try (PageAccess device = access(file.packing())) {
      for (int i = 0; i < PAGES; i++) {
        write(i);
      }
      for (int i = 0; i < PAGES; i++) {
        assertThat(PageEntry.kind(table().get(i))).isEqualTo(expectedKind(i));
        assertThat(device.reader().read(i, other, 0)).isZero();
        assertThat(TestPages.seedOf(other, 0, page)).isEqualTo(seed(i));
      }
    }
    file.close();
    file = null;
    try (PageStore store = PageStore.open(path);
        BlockChannel channel = store.openChannel()) {
      for (int i = 0; i < PAGES; i++) {
        assertThat(channel.read((long) i * PAGE_BYTES, other, 0, PAGE_BYTES)).isZero();
        assertThat(TestPages.seedOf(other, 0, page)).isEqualTo(seed(i));
      }
      assertThat(store.stats().checksumErrors()).isZero();
      PageKinds kinds = PageKinds.counted(store);
      assertThat(kinds).isEqualTo(PageKinds.inTable(store));
      assertThat(List.of(kinds.lz4(), kinds.zstd(), kinds.line(), kinds.padded(), kinds.raw()))
          .allMatch(count -> count > 0);
    }
  }

  private static int expectedKind(int i) {
    return switch (i / KINDS.length % 3) {
      case 0 -> KINDS[i % KINDS.length];
      case 1 -> PageEntry.PADDED;
      default -> PageEntry.RAW;
    };
  }

  /** Pages that shrink, pages that shrink in the slot of a larger one, pages that do not shrink. */
  private void write(int i) throws IOException {
    boolean isPadded = expectedKind(i) == PageEntry.PADDED;
    try (PageAccess access = access(WRITERS.get(i % WRITERS.size()))) {
      TestPages.write(page, 0, isPadded ? 3 : seed(i));
      assertThat(access.writer().write(i, 0, page, 0, PAGE_BYTES)).isZero();
      if (isPadded) {
        TestPages.write(page, 0, seed(i));
        assertThat(access.inPlace().write(i, 0, page, 0, PAGE_BYTES)).isZero();
      }
    }
  }

  private static long seed(int i) {
    return 4L * i + (expectedKind(i) == PageEntry.RAW ? 3 : 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"lz4", "line", "line+lz4", "zstd", "none"})
  void partsOfAPageOfAnotherKindAreReplaced(String codec) throws Exception {
    create(codec);
    try (PageAccess device = access(file.packing())) {
      other.fill((byte) 7);
      for (int i = 0; i < PAGES; i++) {
        write(i);
        assertThat(device.writer().write(i, 100, other, 0, 1000)).isZero();
        TestPages.write(page, 0, seed(i));
        page.asSlice(100, 1000).fill((byte) 7);
        MemorySegment found = Arena.ofAuto().allocate(PAGE_BYTES);
        assertThat(device.reader().read(i, found, 0)).isZero();
        assertThat(found.mismatch(page)).isEqualTo(-1);
      }
    }
  }

  /** Whoever wrote it made a checksum of it: only the codec can tell. */
  @ParameterizedTest
  @ValueSource(ints = {PageEntry.LZ4, PageEntry.ZSTD, PageEntry.LINE})
  void whatIsNotOfTheKindThatItsEntrySaysIsAnError(int kind) throws Exception {
    create("none");
    try (PageAccess device = access(file.packing())) {
      MemorySegment scratch = Arena.ofAuto().allocate(ObjectWriter.SCRATCH_BYTES);
      var garbage = new ObjectWriter(file, arena, Packing.of(new Garbage(), kind), scratch);
      TestPages.write(page, 0, 1);
      for (int i = 0; i < 20_000; i++) {
        long entry = garbage.compress(0, page, 0, false);
        assertThat(PageEntry.kind(entry)).isEqualTo(kind);
        table().replace(0, entry);
        assertThat(device.reader().read(0, other, 0)).isEqualTo(-Errno.EIO);
        arena.free(PageEntry.location(entry), PageObject.bytes(entry));
      }
    }
  }

  /** Compresses any page to bytes that mean nothing. */
  private static final class Garbage implements PageCodec {

    private final Random random = new Random(1);

    @Override
    public int compress(MemorySegment source, long from, MemorySegment target, long to, int limit) {
      int length = 1 + random.nextInt(limit);
      for (int i = 0; i < length; i++) {
        target.set(JAVA_BYTE, to + i, (byte) random.nextInt());
      }
      return length;
    }

    @Override
    public boolean decompress(
        MemorySegment source, long from, int length, MemorySegment target, long to) {
      return false;
    }

    @Override
    public void close() {}
  }

  private PageTable table() {
    return new PageTable(file.memory(), file.layout().tableOffset);
  }

  private PageAccess access(PackingSpec packing) throws IOException {
    return new Pages(file, packing, budget, arena, staging).open();
  }
}
