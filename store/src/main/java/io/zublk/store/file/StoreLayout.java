package io.zublk.store.file;

import io.zublk.block.Geometry;

/**
 * Where everything lies in a store file. All offsets are in bytes from the file's start, and follow
 * from the greatest size that the device may ever have: it can grow up to it, and nothing moves.
 * What of each part is in use, and has memory, is for {@link StoreExtent} to say.
 *
 * <pre>
 *   superblock | page table | slab directory | slab hints | arena | staging area | spare page
 * </pre>
 *
 * <p>The superblock, the table, the arena and the staging area are the format; the directory and
 * the hints between them are scratch memory that every opening of the file computes anew. They lie
 * in the file so that the kernel's count of its blocks is the whole truth about the memory in use.
 */
public final class StoreLayout {

  /** The device may be this large: every page of it could be stored as it is, with slabs spare. */
  public static final long MAX_DEVICE_BYTES = 1L << 40;

  /** The same in pages. */
  public static final long MAX_PAGES = MAX_DEVICE_BYTES / Geometry.PAGE_BYTES;

  /** The arena is no larger than what an entry of the page table can address. */
  public static final long MAX_ARENA_BYTES = 1L << 41;

  public static final long SUPERBLOCK_BYTES = 4096;

  /** Of the page table, a page. */
  public static final int ENTRY_BYTES = Long.BYTES;

  /**
   * A slab holds slots of one size. Large enough that sizes between 2 KiB and 4 KiB lose 1 % to
   * rounding (64 KiB: 2.3 %), which is what most pages of real memory compress to.
   */
  public static final int SLAB_BYTES = 256 << 10;

  /** Of the slab directory, a slab: a cache line. */
  public static final int DESCRIPTOR_BYTES = 64;

  /** Of hints: each is a bit a slab. */
  public static final int HINT_SETS = 115;

  /**
   * Words of a set that lie side by side; then the next set's follow, and behind those of the last
   * set the next words of the first. So a device that grows has hints for more slabs, and none of
   * them moves. A search reads 512 bytes, a GiB of the arena, before it jumps.
   */
  public static final int HINT_GROUP_WORDS = 64;

  /** The most pages that are staged at a time. */
  public static final int MAX_STAGING_PAGES = 16 << 10;

  /** Of addresses; memory only as far as it is in use. */
  public static final long STAGING_BYTES = (long) MAX_STAGING_PAGES * Geometry.PAGE_BYTES;

  /** Chunks can be given back alone if they begin where a page of any kernel does: aarch64's. */
  static final long CHUNK_ALIGNMENT = 64 << 10;

  /**
   * The greatest size of a new device, in its present one. Addresses cost nothing but themselves,
   * and some kernels have only 39 bits of them.
   */
  private static final int ROOM_TO_GROW = 16;

  /** Slabs beyond those of the raw device: one in use and one filling up for every class. */
  private static final int SPARE_SLABS = 256;

  static {
    StoreLayout greatest = new StoreLayout(MAX_PAGES);
    // Every page as it is, and slabs to spare, also where the entries' addresses are the limit.
    assert (greatest.stagingOffset - greatest.arenaOffset) - MAX_DEVICE_BYTES
        >= (long) SPARE_SLABS * SLAB_BYTES;
    assert greatest.stagingOffset - greatest.arenaOffset <= MAX_ARENA_BYTES;
    // A process has 47 bits of addresses on x86-64, and other things to map.
    assert greatest.fileBytes < 1L << 46;
    // A buffer, by which checksums are taken, has 31; the spare page is counted as if staged.
    assert STAGING_BYTES + Geometry.PAGE_BYTES <= Integer.MAX_VALUE;
  }

  public final long greatestPages;

  /** Words of a set of hints, of a device of the greatest size. */
  public final int greatestHintWords;

  public final long tableOffset;
  public final long directoryOffset;
  public final long hintsOffset;
  public final long arenaOffset;
  public final long stagingOffset;
  public final long spareOffset;
  public final long fileBytes;

  /** Of a device that may have up to 1 to {@link #MAX_PAGES} pages. */
  public StoreLayout(long greatestPages) {
    this.greatestPages = greatestPages;
    int slabs = slabs(greatestPages);
    greatestHintWords = hintWords(slabs);
    long hintBytes = hintBytes(greatestHintWords);
    tableOffset = SUPERBLOCK_BYTES;
    directoryOffset = roundUp(tableOffset + greatestPages * ENTRY_BYTES, DESCRIPTOR_BYTES);
    hintsOffset = directoryOffset + (long) slabs * DESCRIPTOR_BYTES;
    arenaOffset = roundUp(hintsOffset + hintBytes, CHUNK_ALIGNMENT);
    stagingOffset = arenaOffset + (long) slabs * SLAB_BYTES;
    spareOffset = stagingOffset + STAGING_BYTES;
    fileBytes = spareOffset + Geometry.PAGE_BYTES;
  }

  /** Of a device of 1 to {@link #MAX_PAGES} pages that is made now. */
  public static StoreLayout ofNew(long pages) {
    return new StoreLayout(Math.min(ROOM_TO_GROW * pages, MAX_PAGES));
  }

  /**
   * Of a device of so many pages: twice what raw pages need, because slabs that are sparse until
   * the next compaction take addresses that would be missing otherwise. An address costs 1/4096
   * byte of directory.
   */
  static int slabs(long pages) {
    long wanted = 2 * ceilDiv(pages * Geometry.PAGE_BYTES, SLAB_BYTES) + SPARE_SLABS;
    return Math.toIntExact(Math.min(wanted, MAX_ARENA_BYTES / SLAB_BYTES));
  }

  /** Where a word of a set of hints lies, in bytes from the file's start. */
  public long hint(int set, int word) {
    int first = word & -HINT_GROUP_WORDS;
    int group = Math.min(HINT_GROUP_WORDS, greatestHintWords - first);
    return hintsOffset + hintBytes(first) + ((long) set * group + (word - first)) * Long.BYTES;
  }

  /** Of all sets, of so many words each. */
  static long hintBytes(int words) {
    return (long) HINT_SETS * words * Long.BYTES;
  }

  /** A set of hints takes whole words. */
  static int hintWords(int slabs) {
    return (int) ceilDiv(slabs, Long.SIZE);
  }

  private static long ceilDiv(long n, long unit) {
    return (n + unit - 1) / unit;
  }

  static long roundUp(long n, long unit) {
    return ceilDiv(n, unit) * unit;
  }
}
