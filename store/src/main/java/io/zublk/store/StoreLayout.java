package io.zublk.store;

import static io.zublk.store.SizeClasses.SLAB_BYTES;

/**
 * Where everything lies in a store file, for a device of a given number of pages. All offsets are
 * in bytes from the file's start.
 *
 * <pre>
 *   superblock | page table | slab directory | slab hints | arena
 * </pre>
 *
 * <p>The superblock, the table and the arena are the format; the directory and the hints between
 * them are scratch memory that every opening of the file computes anew. They lie in the file so
 * that the kernel's count of its blocks is the whole truth about the memory in use.
 */
final class StoreLayout {

  /** The device may be this large: every page of it could be stored as it is, with slabs spare. */
  static final long MAX_DEVICE_BYTES = 1L << 40;

  static final long SUPERBLOCK_BYTES = 4096;
  static final int ENTRY_BYTES = Long.BYTES;

  /** Of aarch64 kernels with 64 KiB pages. */
  private static final long MAX_KERNEL_PAGE_BYTES = 64 << 10;

  /** Slabs beyond those of the raw device: one in use and one filling up for every class. */
  private static final int SPARE_SLABS = 256;

  final long pages;
  final int slabs;
  final long tableOffset;
  final long directoryOffset;
  final long hintsOffset;
  final long arenaOffset;
  final long fileBytes;

  StoreLayout(long pages) {
    this.pages = pages;
    // Twice the slabs that raw pages need: slabs that are sparse until the next compaction take
    // addresses that would be missing otherwise. An address costs 1/4096 byte of directory.
    this.slabs = Math.toIntExact(2 * ceilDiv(pages * 4096, SLAB_BYTES) + SPARE_SLABS);
    tableOffset = SUPERBLOCK_BYTES;
    directoryOffset = roundUp(tableOffset + pages * ENTRY_BYTES, SlabDirectory.DESCRIPTOR_BYTES);
    hintsOffset = directoryOffset + (long) slabs * SlabDirectory.DESCRIPTOR_BYTES;
    // Chunks can be given back alone if they begin where a page of any kernel does.
    arenaOffset = roundUp(hintsOffset + SlabHints.bytes(slabs), MAX_KERNEL_PAGE_BYTES);
    fileBytes = arenaOffset + (long) slabs * SLAB_BYTES;
  }

  /** Bytes before the arena: what an empty store occupies. */
  long metadataBytes() {
    return arenaOffset;
  }

  private static long ceilDiv(long n, long unit) {
    return (n + unit - 1) / unit;
  }

  private static long roundUp(long n, long unit) {
    return ceilDiv(n, unit) * unit;
  }
}
