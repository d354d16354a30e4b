package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.BlockChannel;
import io.zublk.store.file.StoreExtent;
import io.zublk.store.file.StoreFile;
import io.zublk.store.file.StoreLayout;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Files with room to grow, and those without: of an older zublk, or for want of addresses. */
class StoreFileVersionTest {

  /** What layout-3.gz is the beginning of: 1024 pages, of which every 128th is written. */
  private static final long BYTES_OF_LAYOUT_3 = 142_675_968;

  private static final int PAGES = 1024;
  private static final int STEP = 128;

  private final MemorySegment buffer = Arena.ofAuto().allocate(PAGE, PAGE);
  private final MemorySegment scratch = Arena.ofAuto().allocate(PAGE, PAGE);
  private Path path;

  @BeforeEach
  void makeDirectory() throws Exception {
    path = Files.createTempDirectory(TestPages.SHM, "zublk-version-test").resolve("store");
  }

  @AfterEach
  void deleteDirectory() throws Exception {
    Files.deleteIfExists(path);
    Files.delete(path.getParent());
  }

  @Test
  void aFileOfLayout3OpensAndStaysOne() throws Exception {
    try (InputStream in = StoreFileVersionTest.class.getResourceAsStream("layout-3.gz")) {
      Files.write(path, new GZIPInputStream(in).readAllBytes());
    }
    try (LinuxFile file = LinuxFile.open(path, LinuxFile.O_RDWR, 0)) {
      file.truncate(BYTES_OF_LAYOUT_3);
    }
    try (PageStore store = PageStore.open(path)) {
      expectPages(store, 1);
      writePages(store, 2);
    }
    try (PageStore store = PageStore.open(path)) {
      assertThat(store.geometry().sizeBytes()).isEqualTo((long) PAGES * PAGE);
      expectPages(store, 2);
    }
    assertThat(Files.size(path)).isEqualTo(BYTES_OF_LAYOUT_3);
  }

  @Test
  void aFileWithRoomToGrowOpensAndTakesNoMoreMemoryThanOneWithout() throws Exception {
    try (PageStore store =
        PageStore.create(path, new StoreOptions((long) PAGES * PAGE, TestPages.LZ4, 0))) {
      assertThat(store.allocatedBytes()).isEqualTo(StoreExtent.ofNew(PAGES).metadataBytes);
      writePages(store, 1);
    }
    try (PageStore store = PageStore.open(path)) {
      assertThat(store.geometry().sizeBytes()).isEqualTo((long) PAGES * PAGE);
      expectPages(store, 1);
      assertThat(store.allocatedBytes()).isEqualTo(store.stats().memUsedTotal());
    }
    assertThat(Files.size(path)).isEqualTo(new StoreLayout(16 * PAGES).fileBytes);
  }

  /** Nearly all addresses of the process are taken by mappings of a file without any memory. */
  @Test
  void withoutAddressesToSpareADeviceHasNoRoomToGrow() throws Exception {
    long pages = StoreLayout.MAX_PAGES / 64;
    List<MemorySegment> taken = takeAddresses();
    try (StoreFile file =
        StoreFile.createSparse(path, pages, TestPages.LZ4, StoreTuning.ANY_NODE)) {
      assertThat(file.extent().pages).isEqualTo(pages);
      assertThat(file.layout().greatestPages).isEqualTo(pages);
    } finally {
      taken.forEach(Memory::unmap);
    }
    assertThat(Files.size(path)).isEqualTo(new StoreLayout(pages).fileBytes);
  }

  private List<MemorySegment> takeAddresses() throws Exception {
    List<MemorySegment> taken = new ArrayList<>();
    Path large = path.resolveSibling("large");
    try (LinuxFile file =
        LinuxFile.open(large, LinuxFile.O_RDWR | LinuxFile.O_CREAT | LinuxFile.O_EXCL, 0600)) {
      Files.delete(large);
      for (long bytes = 1L << 46; bytes >= 1L << 37; bytes /= 2) {
        file.truncate(bytes);
        takeAddresses(file, bytes, taken);
      }
    }
    Memory.unmap(taken.removeLast()); // enough for a device without room to grow
    return taken;
  }

  private static void takeAddresses(LinuxFile file, long bytes, List<MemorySegment> taken) {
    try {
      while (true) {
        taken.add(Memory.mapShared(file, 0, bytes));
      }
    } catch (LinuxException _) {
      // none of this length are left
    }
  }

  private void writePages(PageStore store, int seed) {
    try (BlockChannel channel = store.openChannel()) {
      for (int i = 0; i < PAGES / STEP; i++) {
        TestPages.write(buffer, 0, i + seed);
        assertThat(channel.write((long) i * STEP * PAGE, buffer, 0, PAGE)).isZero();
      }
    }
  }

  private void expectPages(PageStore store, int seed) {
    try (BlockChannel channel = store.openChannel()) {
      for (int i = 0; i < PAGES / STEP; i++) {
        assertThat(channel.read((long) i * STEP * PAGE, buffer, 0, PAGE)).isZero();
        assertThat(TestPages.seedOf(buffer, 0, scratch)).isEqualTo(i + seed);
      }
    }
    assertThat(store.stats().checksumErrors()).isZero();
  }
}
