package io.zublk.store.file;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.zublk.codec.PackingSpec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * The first page of a store file: what kind of file it is and how its device was made, which a
 * checksum covers; and behind that what may change: the limit of its memory, its size, and the
 * largest size that it has had. Each of those and a check of it are one word, so that one store
 * changes both.
 */
final class Superblock {

  private static final long MAGIC = 0x5a55_424c_4b53_5431L; // "ZUBLKST1"

  /**
   * Before 6 a device could not get smaller, so that its arena was as large as its size needs.
   * Before 5 there was no identity: what is there now was the end of the packing's text, zeros.
   */
  static final int VERSION = 6;

  /** Its arena may be larger than its size needs. */
  static final int VERSION_WITH_ARENA = 6;

  /** Its device has its greatest size, which is the only one that it names. */
  static final int VERSION_WITHOUT_ROOM = 3;

  // Everything below CHECKSUM is constant and covered by it.
  private static final long SB_MAGIC = 0;
  private static final long SB_VERSION = 8;
  private static final long SB_SLAB_BYTES = 12;
  private static final long SB_GREATEST_PAGES = 16;
  private static final long SB_PACKING = 24;
  private static final int SB_PACKING_BYTES = 32;
  private static final long SB_IDENTITY = 56;
  private static final long SB_CHECKSUM = 64;
  private static final long SB_MEM_LIMIT = 72;
  private static final long SB_PAGES = 80;
  private static final long SB_ARENA_PAGES = 88;

  /** The rest of the size's word checks it. */
  private static final int PAGES_BITS = 32;

  private static final long PAGES_MASK = (1L << PAGES_BITS) - 1;

  /** The rest of the limit's word checks it. More than this many bytes no machine has. */
  private static final int MEM_LIMIT_BITS = 48;

  private static final long MAX_MEM_LIMIT = (1L << MEM_LIMIT_BITS) - 1;

  private static final VarHandle WORD = JAVA_LONG.varHandle();

  private final MemorySegment memory;

  /** The superblock that {@code memory} begins with, or is to begin with. */
  Superblock(MemorySegment memory) {
    this.memory = memory;
  }

  /** Writes the superblock of a new file, without a limit. */
  void write(long pages, long greatestPages, PackingSpec packing, long identity) {
    byte[] text = packing.toString().getBytes(StandardCharsets.US_ASCII);
    memory.set(JAVA_INT, SB_VERSION, VERSION);
    memory.set(JAVA_INT, SB_SLAB_BYTES, StoreLayout.SLAB_BYTES);
    memory.set(JAVA_LONG, SB_GREATEST_PAGES, greatestPages);
    memory.set(JAVA_LONG, SB_PAGES, checked(pages, PAGES_BITS));
    memory.set(JAVA_LONG, SB_ARENA_PAGES, checked(pages, PAGES_BITS));
    memory.set(JAVA_LONG, SB_IDENTITY, identity);
    MemorySegment.copy(
        text, 0, memory, JAVA_BYTE, SB_PACKING, Math.min(text.length, SB_PACKING_BYTES - 1));
    setMemLimit(0);
    memory.set(JAVA_LONG, SB_MAGIC, MAGIC);
    memory.set(JAVA_INT, SB_CHECKSUM, checksum());
  }

  /**
   * Checks what another process has written.
   *
   * @throws IOException with a line that says why {@code path} cannot be opened
   */
  void check(Path path) throws IOException {
    if (memory.get(JAVA_LONG, SB_MAGIC) != MAGIC) {
      throw new IOException(path + " is no zublk store file: its first bytes are wrong");
    }
    int version = memory.get(JAVA_INT, SB_VERSION);
    int slabBytes = memory.get(JAVA_INT, SB_SLAB_BYTES);
    if (version < VERSION_WITHOUT_ROOM
        || version > VERSION
        || slabBytes != StoreLayout.SLAB_BYTES) {
      throw new IOException(
          "%s has store layout %d; this zublk reads %d to %d"
              .formatted(path, version, VERSION_WITHOUT_ROOM, VERSION));
    }
    if (memory.get(JAVA_INT, SB_CHECKSUM) != checksum()
        || (hasRoom() && isDamaged(SB_PAGES, pages()))
        || (canShrink() && isDamaged(SB_ARENA_PAGES, arenaPages()))) {
      throw new IOException(path + " has a damaged superblock; its contents cannot be trusted");
    }
    // Before anything is computed from it: far more pages could, modulo 2^64, make the same size.
    if (greatestPages() < 1 || greatestPages() > StoreLayout.MAX_PAGES) {
      throw new IOException(path + " has room for " + greatestPages() + " pages; no device can");
    }
    if (pages() < 1 || pages() > arenaPages() || arenaPages() > greatestPages()) {
      throw new IOException(
          "%s says that it has %d pages, had up to %d, and has room for %d"
              .formatted(path, pages(), arenaPages(), greatestPages()));
    }
  }

  private boolean isDamaged(long word, long pages) {
    return memory.get(JAVA_LONG, word) != checked(pages, PAGES_BITS);
  }

  private int checksum() {
    CRC32C crc = new CRC32C();
    crc.update(memory.asSlice(0, SB_CHECKSUM).toArray(JAVA_BYTE));
    return (int) crc.getValue();
  }

  /** A number of so many bits and, in the rest of the word, a check of it. */
  private static long checked(long number, int bits) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(Long.BYTES).putLong(0, number));
    return crc.getValue() << bits | number;
  }

  /** Which layout the file has. */
  int version() {
    return memory.get(JAVA_INT, SB_VERSION);
  }

  /** The device's size. */
  long pages() {
    return hasRoom() ? memory.get(JAVA_LONG, SB_PAGES) & PAGES_MASK : greatestPages();
  }

  /** The most pages that the device has ever had, which its arena is for. */
  long arenaPages() {
    return canShrink() ? memory.get(JAVA_LONG, SB_ARENA_PAGES) & PAGES_MASK : pages();
  }

  /**
   * Changes the size, within the greatest. A process that is killed meanwhile leaves the old size
   * or the new one: an arena that is larger than needed does no harm.
   */
  void setPages(long pages) {
    if (canShrink() && pages > arenaPages()) {
      WORD.setRelease(memory, SB_ARENA_PAGES, checked(pages, PAGES_BITS));
    }
    WORD.setRelease(memory, SB_PAGES, checked(pages, PAGES_BITS));
  }

  private boolean canShrink() {
    return version() >= VERSION_WITH_ARENA;
  }

  /** What it may grow to, for which the file has addresses. */
  long greatestPages() {
    return memory.get(JAVA_LONG, SB_GREATEST_PAGES);
  }

  /** Whose store it is; 0 if nobody has said so. */
  long identity() {
    return memory.get(JAVA_LONG, SB_IDENTITY);
  }

  PackingSpec packing() {
    return PackingSpec.parse(memory.getString(SB_PACKING));
  }

  /**
   * The most memory that the store may use, in bytes; 0: no limit. A damaged one counts as none: it
   * is a setting, and no reason to refuse the data or to leave no room for more.
   */
  long memLimit() {
    long word = memory.get(JAVA_LONG, SB_MEM_LIMIT);
    long bytes = word & MAX_MEM_LIMIT;
    return word == limitWord(bytes) ? bytes : 0;
  }

  /** One word, because a process may be killed between two. */
  void setMemLimit(long bytes) {
    memory.set(JAVA_LONG, SB_MEM_LIMIT, limitWord(Math.min(bytes, MAX_MEM_LIMIT)));
  }

  private long limitWord(long bytes) {
    return hasRoom() ? checked(bytes, MEM_LIMIT_BITS) : bytes;
  }

  /** Whether it is of a version that names the size and the greatest size, each with its check. */
  private boolean hasRoom() {
    return version() != VERSION_WITHOUT_ROOM;
  }
}
