package io.zublk.store;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.zublk.codec.CodecSpec;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import io.zublk.uring.sys.Mounts;
import io.zublk.uring.sys.Numa;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * The shared-memory file of a page store, mapped: its superblock, and the kernel's memory behind
 * it.
 *
 * <p>One process at a time: the file is locked while open, and the lock ends with the process.
 */
final class StoreFile implements AutoCloseable {

  private static final long MAGIC = 0x5a55_424c_4b53_5431L; // "ZUBLKST1"
  private static final int VERSION = 3;

  // The superblock. Everything below CHECKSUM is constant and covered by it.
  private static final long SB_MAGIC = 0;
  private static final long SB_VERSION = 8;
  private static final long SB_SLAB_BYTES = 12;
  private static final long SB_PAGES = 16;
  private static final long SB_CODEC = 24;
  private static final int SB_CODEC_BYTES = 40;
  private static final long SB_CHECKSUM = 64;
  private static final long SB_MEM_LIMIT = 72;

  private final LinuxFile file;
  private final MemorySegment memory;
  private final StoreLayout layout;

  private StoreFile(LinuxFile file, MemorySegment memory, StoreLayout layout) {
    this.file = file;
    this.memory = memory;
    this.layout = layout;
  }

  /** Makes a new file with all of its metadata allocated; fails if there is one already. */
  static StoreFile create(Path path, StoreOptions options, int numaNode) throws IOException {
    StoreFile store = createSparse(path, options, numaNode);
    StoreLayout layout = store.layout;
    // A page table that is there cannot turn into a SIGBUS when memory runs out later.
    if (store.file.allocate(0, 0, layout.arenaOffset) < 0
        || store.file.allocate(0, layout.spareOffset, PageAccess.PAGE_BYTES) < 0) {
      store.close();
      Files.delete(path);
      throw new IOException(
          "no memory for the page table: "
              + (layout.metadataBytes() >> 10)
              + " KiB are needed at "
              + path.getParent()
              + "; make the device smaller");
    }
    return store;
  }

  /** Makes a new file whose metadata get memory when they are written to, if there is any. */
  static StoreFile createSparse(Path path, StoreOptions options, int numaNode) throws IOException {
    StoreLayout layout = new StoreLayout(options.sizeBytes() / 4096);
    LinuxFile file =
        LinuxFile.open(path, LinuxFile.O_RDWR | LinuxFile.O_CREAT | LinuxFile.O_EXCL, 0600);
    try {
      lock(file, path);
      file.truncate(layout.fileBytes);
      StoreFile store = new StoreFile(file, map(file, layout, numaNode), layout);
      store.writeSuperblock(options);
      return store;
    } catch (Throwable t) {
      file.close();
      Files.deleteIfExists(path);
      throw t;
    }
  }

  /** Opens the file that another process, dead or alive no more, left behind. */
  static StoreFile open(Path path, int numaNode) throws IOException {
    LinuxFile file = LinuxFile.open(path, LinuxFile.O_RDWR, 0);
    try {
      lock(file, path);
      StoreLayout layout = readSuperblock(file, path);
      return new StoreFile(file, map(file, layout, numaNode), layout);
    } catch (Throwable t) {
      file.close();
      throw t;
    }
  }

  /** Maps the file; what memory it gets from now on comes from the node. */
  private static MemorySegment map(LinuxFile file, StoreLayout layout, int numaNode)
      throws IOException {
    MemorySegment memory = Memory.mapShared(file, 0, layout.fileBytes);
    if (numaNode != StoreTuning.ANY_NODE) {
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

  private void writeSuperblock(StoreOptions options) {
    byte[] codec = options.codec().toString().getBytes(StandardCharsets.US_ASCII);
    memory.set(JAVA_INT, SB_VERSION, VERSION);
    memory.set(JAVA_INT, SB_SLAB_BYTES, SizeClasses.SLAB_BYTES);
    memory.set(JAVA_LONG, SB_PAGES, layout.pages);
    MemorySegment.copy(
        codec, 0, memory, JAVA_BYTE, SB_CODEC, Math.min(codec.length, SB_CODEC_BYTES - 1));
    setMemLimit(options.memLimitBytes());
    memory.set(JAVA_LONG, SB_MAGIC, MAGIC);
    memory.set(JAVA_INT, SB_CHECKSUM, checksum(memory));
  }

  private static StoreLayout readSuperblock(LinuxFile file, Path path) throws IOException {
    long size = file.size();
    if (size < StoreLayout.SUPERBLOCK_BYTES) {
      throw new IOException(path + " is no zublk store file: it has only " + size + " bytes");
    }
    MemorySegment superblock = Memory.mapShared(file, 0, StoreLayout.SUPERBLOCK_BYTES);
    try {
      if (superblock.get(JAVA_LONG, SB_MAGIC) != MAGIC) {
        throw new IOException(path + " is no zublk store file: its first bytes are wrong");
      }
      int version = superblock.get(JAVA_INT, SB_VERSION);
      int slabBytes = superblock.get(JAVA_INT, SB_SLAB_BYTES);
      if (version != VERSION || slabBytes != SizeClasses.SLAB_BYTES) {
        throw new IOException(
            path + " has store layout " + version + "; this zublk reads " + VERSION);
      }
      if (superblock.get(JAVA_INT, SB_CHECKSUM) != checksum(superblock)) {
        throw new IOException(path + " has a damaged superblock; its contents cannot be trusted");
      }
      long pages = superblock.get(JAVA_LONG, SB_PAGES);
      // Before anything is computed from it: far more pages could, modulo 2^64, make the same size.
      if (pages < 1 || pages > StoreLayout.MAX_DEVICE_BYTES / PageAccess.PAGE_BYTES) {
        throw new IOException(path + " says that it has " + pages + " pages; no device can");
      }
      StoreLayout layout = new StoreLayout(pages);
      if (size != layout.fileBytes) {
        throw new IOException(path + " has " + size + " bytes instead of " + layout.fileBytes);
      }
      return layout;
    } finally {
      Memory.unmap(superblock);
    }
  }

  private static int checksum(MemorySegment superblock) {
    CRC32C crc = new CRC32C();
    crc.update(superblock.asSlice(0, SB_CHECKSUM).toArray(JAVA_BYTE));
    return (int) crc.getValue();
  }

  StoreOptions options() {
    return new StoreOptions(
        layout.pages * 4096, CodecSpec.parse(memory.getString(SB_CODEC)), memLimit());
  }

  /** The limit outlives the process because a recovered device must not outgrow it. */
  long memLimit() {
    return memory.get(JAVA_LONG, SB_MEM_LIMIT);
  }

  void setMemLimit(long bytes) {
    memory.set(JAVA_LONG, SB_MEM_LIMIT, bytes);
  }

  MemorySegment memory() {
    return memory;
  }

  StoreLayout layout() {
    return layout;
  }

  /**
   * Gives a range of the arena memory, so that writing to it cannot fail.
   *
   * @return 0 or a negative errno
   */
  int commit(long arenaPosition, long length) {
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

  /** Gives a range of the arena back to the kernel. */
  void release(long arenaPosition, long length) {
    file.punchHole(layout.arenaOffset + arenaPosition, length);
  }

  /** As {@link #commit}, in the staging area. */
  int commitStaging(long stagingPosition, long length) {
    return populate(layout.stagingOffset + stagingPosition, length);
  }

  /** As {@link #release}, in the staging area. */
  void releaseStaging(long stagingPosition, long length) {
    file.punchHole(layout.stagingOffset + stagingPosition, length);
  }

  /** Makes the parts of the file that are derived from the page table zeros again. */
  void clearDerived() {
    memory
        .asSlice(layout.directoryOffset, layout.arenaOffset - layout.directoryOffset)
        .fill((byte) 0);
  }

  /** What the file system has left, in bytes; {@link Long#MAX_VALUE} if no end is known. */
  long availableBytes() {
    try {
      Mounts.FileSystem system = Mounts.fileSystem(Path.of("/proc/self/fd", "" + file.fd()));
      return system.totalBytes() == 0 ? Long.MAX_VALUE : system.availableBytes();
    } catch (LinuxException _) {
      return Long.MAX_VALUE; // then memory is found to be short when it is
    }
  }

  /** What the kernel says the file occupies, in bytes. */
  long allocatedBytes() throws IOException {
    return file.allocatedBytes();
  }

  /** Unmaps and unlocks the file, and leaves it where it is. */
  @Override
  public void close() {
    Memory.unmap(memory);
    file.close();
  }
}
