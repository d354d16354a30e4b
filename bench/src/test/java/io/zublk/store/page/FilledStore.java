package io.zublk.store.page;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.codec.LineVectors;
import io.zublk.codec.PackingSpec;
import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.arena.SlabArena;
import io.zublk.store.file.StoreFile;
import io.zublk.store.staging.StagingArea;
import io.zublk.store.staging.StagingWriter;
import io.zublk.store.table.PageTable;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** The parts of a page store whose every page is written, and an order to visit the pages in. */
final class FilledStore implements AutoCloseable {

  private static final Path SHARED_MEMORY = Path.of("/dev/shm");

  /** The most pages that fit the staging area. */
  static final int STAGING_PAGES = 8192;

  private static final int BATCH_PAGES = 64;

  final StoreFile file;
  final PageTable table;
  final SlabArena arena;

  /** Compresses at once. */
  final PageAccess access;

  /** Stages what it writes; nobody compresses it before {@link #drain}. */
  final PageAccess stagingAccess;

  /** What page {@code n} was filled with is its page {@code n}. */
  final MemorySegment data;

  /** Every page once, at random; its length is a power of two. */
  final int[] order;

  private final Path path;
  private final StagingArea staging;

  FilledStore(String algorithm, String image, int mib) throws IOException {
    boolean _ = LineVectors.train(); // nothing, where the JVM has no module for it
    int pages = mib << 8;
    path = Files.createTempDirectory(SHARED_MEMORY, "zublk-jmh").resolve("store");
    file = StoreFile.create(path, pages, PackingSpec.parse(algorithm), StoreFile.ANY_NODE);
    // The mapping keeps the file; nothing is left behind when a benchmark is killed.
    Files.delete(path);
    Files.delete(path.getParent());
    MemoryBudget budget = new MemoryBudget(file.extent().metadataBytes, 0);
    arena = new SlabArena(file, budget, true); // as a store with workers has it
    staging = new StagingArea(file, budget, STAGING_PAGES, BATCH_PAGES);
    Pages shared = new Pages(file, file.packing(), budget, arena, staging);
    table = shared.table();
    access = shared.open();
    stagingAccess = shared.open(new StagingWriter(staging, _ -> {}));
    data = MemoryPages.load(image, pages);
    order = shuffled(pages);
    // In random order, so that neighbours in the table are none in the arena.
    for (int page : order) {
      check(write(access, page));
    }
    shuffle(order, 2);
  }

  private static int[] shuffled(int pages) {
    int[] order = new int[pages];
    for (int i = 0; i < pages; i++) {
      order[i] = i;
    }
    shuffle(order, 1);
    return order;
  }

  private static void shuffle(int[] order, int seed) {
    Random random = new Random(seed);
    for (int i = order.length - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      int page = order[i];
      order[i] = order[other];
      order[other] = page;
    }
  }

  /** Writes a page as it is in {@link #data}. */
  int write(PageAccess by, int page) {
    return by.writer().write(page, 0, data, (long) page * PAGE_BYTES, PAGE_BYTES);
  }

  /** The entries of the pages in {@link #order}, to be read without a cache miss. */
  long[] entriesInOrder() {
    long[] entries = new long[order.length];
    for (int i = 0; i < order.length; i++) {
      entries[i] = table.get(order[i]);
    }
    return entries;
  }

  /** Compresses what is staged, as a worker does. */
  void drain() {
    int batch;
    while ((batch = staging.takeFull(0)) != StagingArea.NONE) {
      if (!access.compressor().compressBatch(staging, batch)) {
        throw new IllegalStateException("no memory for the store");
      }
    }
  }

  static void check(int result) {
    if (result < 0) {
      throw new IllegalStateException("the store failed: errno " + -result);
    }
  }

  @Override
  public void close() {
    stagingAccess.close();
    access.close();
    file.close();
    Memory.unmap(data);
  }
}
