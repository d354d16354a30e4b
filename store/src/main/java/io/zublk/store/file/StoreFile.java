package io.zublk.store.file;

import io.zublk.block.Geometry;
import io.zublk.codec.PackingSpec;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import io.zublk.uring.sys.Mounts;
import io.zublk.uring.sys.Numa;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The shared-memory file of a page store, mapped, and the kernel's memory behind it.
 *
 * <p>One process at a time: the file is locked while open, and the lock ends with the process.
 */
public final class StoreFile implements AutoCloseable {

  /** The oldest layout that can be opened. */
  public static final int OLDEST_VERSION = Superblock.VERSION_WITHOUT_ROOM;

  /** The newest, which new files have. */
  public static final int NEWEST_VERSION = Superblock.VERSION;

  /** The kernel's choice of a NUMA node. */
  public static final int ANY_NODE = -1;

  /** Of a file that names no device, as those of layouts before 5. */
  public static final long NO_IDENTITY = 0;

  /** What one of the kernel's tables of mapped pages covers: 512 entries (x86-64, arm64). */
  public static final long TABLE_BYTES = 512L * Geometry.PAGE_BYTES;

  private final LinuxFile file;
  private final MemorySegment memory;
  private final Superblock superblock;
  private final StoreLayout layout;

  /** Of the layout; kept, as the superblock is gone when the file is closed. */
  private int version;

  /** Volatile because it is read all the time, lest anybody keep a copy. It costs x86 nothing. */
  private volatile StoreExtent extent;

  /** As in the superblock, which is gone when the file is closed. */
  private volatile long memLimit;

  private StoreFile(LinuxFile file, MemorySegment memory, StoreExtent extent) {
    this.file = file;
    this.memory = memory;
    this.superblock = new Superblock(memory);
    this.layout = extent.layout;
    this.extent = extent;
  }

  /** Makes a new file that is nobody's. */
  public static StoreFile create(Path path, long pages, PackingSpec packing, int numaNode)
      throws IOException {
    return create(path, pages, packing, NO_IDENTITY, numaNode);
  }

  /**
   * Makes a new file, without a limit, with all of its metadata allocated.
   *
   * @param identity that of its device, or {@link #NO_IDENTITY}
   * @throws IOException if there is such a file already, or no memory
   */
  public static StoreFile create(
      Path path, long pages, PackingSpec packing, long identity, int numaNode) throws IOException {
    return create(path, pages, packing, identity, numaNode, true);
  }

  /** Makes a new file whose metadata get memory when they are written to, if there is any. */
  public static StoreFile createSparse(Path path, long pages, PackingSpec packing, int numaNode)
      throws IOException {
    return create(path, pages, packing, NO_IDENTITY, numaNode, false);
  }

  private static StoreFile create(
      Path path, long pages, PackingSpec packing, long identity, int numaNode, boolean allocated)
      throws IOException {
    LinuxFile file =
        LinuxFile.open(path, LinuxFile.O_RDWR | LinuxFile.O_CREAT | LinuxFile.O_EXCL, 0600);
    try {
      lock(file, path);
      StoreFile store = lay(file, pages, numaNode);
      try {
        if (allocated) {
          store.allocateMetadata(path);
        }
        store.superblock.write(pages, store.layout.greatestPages, packing, identity);
        store.version = store.superblock.version();
        return store;
      } catch (Throwable t) {
        Memory.unmap(store.memory);
        throw t;
      }
    } catch (Throwable t) {
      file.close();
      Files.deleteIfExists(path);
      throw t;
    }
  }

  private static StoreFile lay(LinuxFile file, long pages, int numaNode) throws IOException {
    try {
      return lay(file, StoreExtent.ofNew(pages), numaNode);
    } catch (LinuxException _) {
      // Too few addresses, or files cannot be so long: then it is a device that cannot grow.
      return lay(file, new StoreExtent(new StoreLayout(pages), pages), numaNode);
    }
  }

  private static StoreFile lay(LinuxFile file, StoreExtent extent, int numaNode)
      throws IOException {
    file.truncate(extent.layout.fileBytes);
    return new StoreFile(file, map(file, extent.layout, numaNode), extent);
  }

  /** A page table that is there cannot turn into a SIGBUS when memory runs out later. */
  private void allocateMetadata(Path path) throws IOException {
    for (StoreExtent.Range range : extent.metadata()) {
      if (file.allocate(0, range.offset(), range.length()) < 0) {
        throw new IOException(
            "no memory for the page table: "
                + (extent.metadataBytes >> 10)
                + " KiB are needed at "
                + path.getParent()
                + "; make the device smaller");
      }
    }
  }

  /** Maps the metadata, which have memory: whoever reads or writes them takes no page fault. */
  public void mapMetadata() {
    for (StoreExtent.Range range : extent.metadata()) {
      int _ = populate(range.offset(), range.length());
    }
  }

  /** Opens the file that another process, dead or alive no more, left behind. */
  public static StoreFile open(Path path, int numaNode) throws IOException {
    LinuxFile file = LinuxFile.open(path, LinuxFile.O_RDWR, 0);
    try {
      lock(file, path);
      StoreExtent extent = readExtent(file, path);
      StoreFile store = new StoreFile(file, map(file, extent.layout, numaNode), extent);
      store.memLimit = store.superblock.memLimit();
      store.version = store.superblock.version();
      return store;
    } catch (Throwable t) {
      file.close();
      throw t;
    }
  }

  /** Maps the file; what memory it gets from now on comes from the node. */
  private static MemorySegment map(LinuxFile file, StoreLayout layout, int numaNode)
      throws IOException {
    MemorySegment memory = Memory.mapShared(file, 0, layout.fileBytes);
    if (numaNode != ANY_NODE) {
      try {
        Numa.bind(memory, numaNode);
      } catch (LinuxException e) {
        Memory.unmap(memory);
        throw e;
      }
    }
    return memory;
  }

  private static void lock(LinuxFile file, Path path) throws IOException {
    if (!file.tryLock(true)) {
      throw new IOException("another process serves the store file " + path + "; stop it first");
    }
  }

  private static StoreExtent readExtent(LinuxFile file, Path path) throws IOException {
    long size = file.size();
    if (size < StoreLayout.SUPERBLOCK_BYTES) {
      throw new IOException(path + " is no zublk store file: it has only " + size + " bytes");
    }
    MemorySegment first = Memory.mapShared(file, 0, StoreLayout.SUPERBLOCK_BYTES);
    try {
      Superblock superblock = new Superblock(first);
      superblock.check(path);
      StoreLayout layout = new StoreLayout(superblock.greatestPages());
      if (size != layout.fileBytes) {
        throw new IOException(path + " has " + size + " bytes instead of " + layout.fileBytes);
      }
      return new StoreExtent(layout, superblock.pages(), superblock.arenaPages());
    } finally {
      Memory.unmap(first);
    }
  }

  /** The number of its layout. */
  public int version() {
    return version;
  }

  /** Which device's store this is, or {@link #NO_IDENTITY}. */
  public long identity() {
    return superblock.identity();
  }

  /** What the device's pages are packed with. */
  public PackingSpec packing() {
    return superblock.packing();
  }

  /**
   * The most memory that the store may use, in bytes; 0: no limit. It outlives the process because
   * a recovered device must not outgrow it.
   */
  public long memLimit() {
    return memLimit;
  }

  public void setMemLimit(long bytes) {
    superblock.setMemLimit(bytes);
    memLimit = bytes;
  }

  /** All of the file. */
  public MemorySegment memory() {
    return memory;
  }

  /** Where everything lies in it. */
  public StoreLayout layout() {
    return layout;
  }

  /** How much of it is in use now. Ask again each time: it may change while the store is quiet. */
  public StoreExtent extent() {
    return extent;
  }

  /**
   * Gives a range of the arena memory, so that writing to it cannot fail.
   *
   * @return 0 or a negative errno
   */
  public int commit(long arenaPosition, long length) {
    return populate(layout.arenaOffset + arenaPosition, length);
  }

  /**
   * Allocates and maps at once, where the kernel can (5.14): the first touch of each page that was
   * only allocated would be a fault of half a microsecond.
   */
  private int populate(long offset, long length) {
    int errno = Memory.advise(memory, offset, length, Memory.MADV_POPULATE_WRITE);
    return errno == 0 ? 0 : file.allocate(0, offset, length);
  }

  /**
   * As {@link #commit}, for a thread that may wait for memory, which it has first then. To map a
   * page takes the lock of all that the process has mapped, and keeps it for as long as there is no
   * memory. A thread that serves swap and wants that lock, as the JVM in it does now and then,
   * would wait as well, and there is no memory but what it makes. To have it takes the lock of the
   * file only.
   *
   * @return 0 or a negative errno
   */
  public int commitPatiently(long arenaPosition, long length) {
    int result = file.allocate(0, layout.arenaOffset + arenaPosition, length);
    return result < 0 ? result : commit(arenaPosition, length);
  }

  /**
   * Has the kernel make its tables for the {@link #TABLE_BYTES} around an unused page, so that
   * mapping any of them needs no memory but the pages'.
   */
  public void prepareToMap(long arenaPosition) {
    int _ = commit(arenaPosition, Geometry.PAGE_BYTES);
    release(arenaPosition, Geometry.PAGE_BYTES); // the tables stay
  }

  /** Gives a range of the arena back to the kernel. */
  public void release(long arenaPosition, long length) {
    file.punchHole(layout.arenaOffset + arenaPosition, length);
  }

  /** As {@link #commit}, in the staging area. */
  public int commitStaging(long stagingPosition, long length) {
    return populate(layout.stagingOffset + stagingPosition, length);
  }

  /** As {@link #release}, in the staging area. */
  public void releaseStaging(long stagingPosition, long length) {
    file.punchHole(layout.stagingOffset + stagingPosition, length);
  }

  /** Whether the device can be made smaller; files of layouts before 6 say no more how large. */
  public boolean canShrink() {
    return version >= Superblock.VERSION_WITH_ARENA;
  }

  /**
   * Gives memory to what a larger device has beside the present one, all of it zeros. Nothing of
   * the present one changes.
   *
   * @return 0 or a negative errno; then no memory is taken
   */
  public int prepare(StoreExtent larger) {
    clearTableBehind(extent, larger);
    for (StoreExtent.Range range : larger.metadata()) {
      int result = file.allocate(0, range.offset(), range.length());
      if (result < 0) {
        releaseGaps();
        return result;
      }
    }
    return 0;
  }

  /** A device that was once larger may have left entries there, if its process was killed. */
  private void clearTableBehind(StoreExtent present, StoreExtent larger) {
    long end = StoreLayout.roundUp(present.tableEnd(), Geometry.PAGE_BYTES);
    long inPage = Math.min(end, larger.tableEnd()) - present.tableEnd();
    memory.asSlice(present.tableEnd(), inPage).fill((byte) 0);
    releaseGaps();
  }

  /**
   * Changes the size of the device, which is that from now on, also if the process is killed.
   *
   * @param changed what was {@linkplain #prepare prepared} if it is larger
   */
  public void resize(StoreExtent changed) {
    resizeOnNextOpening(changed);
    extent = changed;
  }

  /** Changes the size that the next process finds, or this one at {@link #resize}. */
  public void resizeOnNextOpening(StoreExtent changed) {
    superblock.setPages(changed.pages);
  }

  /** Gives back what a device that was larger, or was about to be, took for its metadata. */
  public void releaseGaps() {
    for (StoreExtent.Range range : extent.gaps()) {
      file.punchHole(range.offset(), range.length());
    }
  }

  /** Makes the parts of the file that are derived from the page table zeros again. */
  public void clearDerived() {
    releaseGaps();
    clear(extent.directory());
    clear(extent.hints());
  }

  private void clear(StoreExtent.Range range) {
    memory.asSlice(range.offset(), range.length()).fill((byte) 0);
  }

  /** What the file system has left, in bytes; {@link Long#MAX_VALUE} if no end is known. */
  public long availableBytes() {
    try {
      Mounts.FileSystem system = Mounts.fileSystem(Path.of("/proc/self/fd", "" + file.fd()));
      return system.totalBytes() == 0 ? Long.MAX_VALUE : system.availableBytes();
    } catch (LinuxException _) {
      return Long.MAX_VALUE; // then memory is found to be short when it is
    }
  }

  /** What the kernel says the file occupies, in bytes. */
  public long allocatedBytes() throws IOException {
    return file.allocatedBytes();
  }

  /** Unmaps and unlocks the file, and leaves it where it is. */
  @Override
  public void close() {
    Memory.unmap(memory);
    file.close();
  }
}
