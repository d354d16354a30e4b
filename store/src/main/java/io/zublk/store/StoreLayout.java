package io.zublk.store;

import static io.zublk.store.SizeClasses.SLAB_BYTES;

/**
 * Where everything lies in a store file, for a device of a given number of pages. All offsets are
 * in bytes from the file's start.
 *
 * <pre>
 *   superblock | page table | slab directory | slab hints | arena | staging area | spare page
 * </pre>
 *
 * <p>The superblock, the table, the arena and the staging area are the format; the directory and
 * the hints between them are scratch memory that every opening of the file computes anew. They lie
 * in the file so that the kernel's count of its blocks is the whole truth about the memory in use.
 */
final class StoreLayout {

  /** The device may be this large: every page of it could be stored as it is, with slabs spare. */
  static final long MAX_DEVICE_BYTES = 1L << 40;

  static final long SUPERBLOCK_BYTES = 4096;
  static final int ENTRY_BYTES = Long.BYTES;

  /** Of addresses; memory only as far as it is in use. */
  static final long STAGING_BYTES = StoreTuning.MAX_STAGING_PAGES * 4096L;

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
  final long stagingOffset;
  final long spareOffset;
  final long fileBytes;

  StoreLayout(long pages) {
    this.pages = pages;
    // Twice the slabs that raw pages need: slabs that are sparse until the next compaction take
    // addresses that would be missing otherwise. An address costs 1/4096 byte of directory.
    long wanted = 2 * ceilDiv(pages * 4096, SLAB_BYTES) + SPARE_SLABS;
    this.slabs = Math.toIntExact(Math.min(wanted, PageEntry.MAX_ARENA_BYTES / SLAB_BYTES));
    tableOffset = SUPERBLOCK_BYTES;
    directoryOffset = roundUp(tableOffset + pages * ENTRY_BYTES, SlabDirectory.DESCRIPTOR_BYTES);
    hintsOffset = directoryOffset + (long) slabs * SlabDirectory.DESCRIPTOR_BYTES;
    // Chunks can be given back alone if they begin where a page of any kernel does.
    arenaOffset = roundUp(hintsOffset + SlabHints.bytes(slabs), MAX_KERNEL_PAGE_BYTES);
    stagingOffset = arenaOffset + (long) slabs * SLAB_BYTES;
    spareOffset = stagingOffset + STAGING_BYTES;
    fileBytes = spareOffset + PageAccess.PAGE_BYTES;
  }

  /** What an empty store occupies: all before the arena, and the spare page. */
  long metadataBytes() {
    return arenaOffset + PageAccess.PAGE_BYTES;
  }

  /** Where an entry's object or staged page lies. */
  long position(long entry) {
    long base = PageEntry.kind(entry) == PageEntry.STAGED ? stagingOffset : arenaOffset;
    return base + PageEntry.location(entry);
  }

  /** Whether all of an entry's object or staged page lies where such things lie. */
  boolean contains(long entry) {
    long end = position(entry) + PageObject.bytes(entry);
    return end <= (PageEntry.kind(entry) == PageEntry.STAGED ? fileBytes : stagingOffset);
  }

  private static long ceilDiv(long n, long unit) {
    return (n + unit - 1) / unit;
  }

  private static long roundUp(long n, long unit) {
    return ceilDiv(n, unit) * unit;
  }
}
