package io.zublk.store;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.zublk.block.Errno;
import io.zublk.codec.Algorithm;
import io.zublk.codec.CodecSpec;
import io.zublk.codec.PageChecksum;
import io.zublk.codec.PageCodec;
import io.zublk.codec.PageFill;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Memory;
import java.lang.foreign.MemorySegment;

/**
 * One thread's operations on whole pages: the way from a page's bytes to its entry and object, and
 * back.
 *
 * <p>An object is its checksum, 4 bytes, and then its bytes. The checksum is seeded with the page
 * number and the entry's kind and length, so an object that belongs to another page is as wrong as
 * a damaged one.
 */
final class PageAccess implements AutoCloseable {

  static final int PAGE_BYTES = PageCodec.PAGE_BYTES;

  private static final int CHECKSUM_BYTES = Integer.BYTES;

  /** Larger ones would need the slot of a raw page. */
  private static final int MAX_COMPRESSED_BYTES =
      SizeClasses.slotBytes(SizeClasses.count() - 2) - CHECKSUM_BYTES;

  private final PageTable table;
  private final SlabArena arena;
  private final MemorySegment memory;
  private final long arenaOffset;
  private final int compressedKind;
  private final PageCodec codec;
  private final PageChecksum checksum;
  private final Counters counters;

  /** An object under construction, and a page under construction behind it. */
  private final MemorySegment scratch;

  private static final long SCRATCH_PAGE = PAGE_BYTES;

  PageAccess(StoreFile file, PageTable table, SlabArena arena, CodecSpec spec, Counters counters)
      throws LinuxException {
    this.table = table;
    this.arena = arena;
    this.memory = file.memory();
    this.arenaOffset = file.layout().arenaOffset;
    this.compressedKind = spec.algorithm() == Algorithm.ZSTD ? PageEntry.ZSTD : PageEntry.LZ4;
    this.codec = spec.newCodec();
    this.checksum = new PageChecksum(memory);
    this.counters = counters;
    this.scratch = Memory.mapAnonymous(2 * PAGE_BYTES);
  }

  /** Reads a page into {@code target} and returns 0 or {@code -EIO}. */
  int load(long page, MemorySegment target, long offset) {
    long entry = table.get(page);
    if (!PageEntry.isStored(entry)) {
      return loadUnstored(page, entry, target, offset);
    }
    entry = table.lock(page);
    if (entry == PageTable.STUCK) {
      return damaged();
    }
    try {
      return decode(page, entry, target, offset);
    } finally {
      table.unlock(page, entry);
    }
  }

  /** Replaces a page by the bytes at {@code source} and returns 0, {@code -ENOSPC} or -EIO. */
  int store(long page, MemorySegment source, long offset) {
    long entry = encode(page, source, offset);
    return isErrno(entry) ? (int) entry : publish(page, entry);
  }

  /** Replaces {@code length} bytes inside a page, from {@code at} on. */
  int modify(long page, int at, MemorySegment source, long offset, int length) {
    long old = table.lock(page);
    if (old == PageTable.STUCK) {
      return damaged();
    }
    long entry = old;
    try {
      int result = decode(page, old, scratch, SCRATCH_PAGE);
      if (result < 0) {
        return result;
      }
      MemorySegment.copy(source, offset, scratch, SCRATCH_PAGE + at, length);
      long changed = encode(page, scratch, SCRATCH_PAGE);
      if (isErrno(changed)) {
        return (int) changed;
      }
      entry = changed;
      return 0;
    } finally {
      table.unlock(page, entry);
      if (entry != old) {
        count(counters, entry, 1);
        release(page, old);
      }
    }
  }

  /** Reads {@code length} bytes inside a page, from {@code at} on. */
  int loadPart(long page, int at, MemorySegment target, long offset, int length) {
    int result = load(page, scratch, SCRATCH_PAGE);
    if (result == 0) {
      MemorySegment.copy(scratch, SCRATCH_PAGE + at, target, offset, length);
    }
    return result;
  }

  /** Makes a page absent, and returns 0 or {@code -EIO}. */
  int drop(long page) {
    if (table.get(page) == 0) {
      return 0;
    }
    long old = table.replace(page, 0);
    if (old == PageTable.STUCK) {
      return damaged();
    }
    if (release(page, old)) {
      counters.add(Counter.FREED_PAGES, 1);
    }
    return 0;
  }

  /** Makes a page zeros that count as stored, and returns 0 or {@code -EIO}. */
  int fillWithZeros(long page) {
    return publish(page, PageEntry.ofFill(page, 0));
  }

  private int publish(long page, long entry) {
    long old = table.replace(page, entry);
    if (old == PageTable.STUCK) {
      free(entry);
      return damaged();
    }
    count(counters, entry, 1);
    release(page, old);
    return 0;
  }

  /** Whether what should be an entry is a negated errno: no entry is of kind 15. */
  private static boolean isErrno(long entry) {
    return entry < 0 && entry > -4096;
  }

  private int loadUnstored(long page, long entry, MemorySegment target, long offset) {
    if (!PageEntry.isValid(page, entry) || PageEntry.kind(entry) == PageEntry.LOST) {
      return damaged();
    }
    boolean absent = PageEntry.kind(entry) == PageEntry.ABSENT;
    PageFill.fill(target, offset, absent ? 0 : PageEntry.fillWord(entry));
    return 0;
  }

  /** Writes the page of an entry, which the caller has locked if it is stored. */
  private int decode(long page, long entry, MemorySegment target, long offset) {
    if (!PageEntry.isStored(entry)) {
      return loadUnstored(page, entry, target, offset);
    }
    long object = arenaOffset + PageEntry.location(entry);
    int length = PageEntry.length(entry);
    if (!PageEntry.isValid(page, entry) || !isIntact(page, entry)) {
      return damaged();
    }
    int kind = PageEntry.kind(entry);
    if (kind == PageEntry.RAW) {
      MemorySegment.copy(memory, object, target, offset, PAGE_BYTES);
    } else if (kind == PageEntry.WORD) {
      long word = memory.get(JAVA_LONG_UNALIGNED, object + CHECKSUM_BYTES);
      PageFill.fill(target, offset, word);
    } else if (kind != compressedKind
        || !codec.decompress(memory, object + CHECKSUM_BYTES, length, target, offset)) {
      return damaged();
    }
    return 0;
  }

  /** Whether the object of an entry is there and has its checksum. */
  private boolean isIntact(long page, long entry) {
    long object = arenaOffset + PageEntry.location(entry);
    int length = PageEntry.length(entry);
    if (object + objectBytes(entry) > memory.byteSize()) {
      return false;
    }
    if (PageEntry.kind(entry) == PageEntry.RAW) {
      return PageEntry.rawChecksumMatches(entry, checksum.of(object, length, rawSeed(page, entry)));
    }
    return memory.get(JAVA_INT, object)
        == checksum.of(object + CHECKSUM_BYTES, length, seed(page, entry));
  }

  private int damaged() {
    counters.add(Counter.CHECKSUM_ERRORS, 1);
    return -Errno.EIO;
  }

  /** Stores the bytes and returns the entry to publish, or {@code -ENOSPC}. */
  private long encode(long page, MemorySegment source, long offset) {
    if (PageFill.isFilled(source, offset)) {
      long word = source.get(JAVA_LONG_UNALIGNED, offset);
      if (PageEntry.fitsInEntry(word)) {
        return PageEntry.ofFill(page, word);
      }
      scratch.set(JAVA_LONG, 0, word);
      return encodeObject(page, PageEntry.WORD, Long.BYTES);
    }
    int length = codec.compress(source, offset, scratch, 0, MAX_COMPRESSED_BYTES);
    if (length == 0) {
      return encodeRaw(page, source, offset);
    }
    return encodeObject(page, compressedKind, length);
  }

  /** Stores the first {@code length} bytes of the scratch memory. */
  private long encodeObject(long page, int kind, int length) {
    long location = arena.allocate(CHECKSUM_BYTES + length);
    if (location < 0) {
      return location;
    }
    long entry = PageEntry.ofObject(page, kind, length, location);
    long object = arenaOffset + location;
    MemorySegment.copy(scratch, 0, memory, object + CHECKSUM_BYTES, length);
    memory.set(JAVA_INT, object, checksum.of(object + CHECKSUM_BYTES, length, seed(page, entry)));
    return entry;
  }

  private long encodeRaw(long page, MemorySegment source, long offset) {
    long location = arena.allocate(PAGE_BYTES);
    if (location < 0) {
      return location;
    }
    long object = arenaOffset + location;
    MemorySegment.copy(source, offset, memory, object, PAGE_BYTES);
    long seed = rawSeed(page, PageEntry.ofRaw(page, 0, location));
    return PageEntry.ofRaw(page, checksum.of(object, PAGE_BYTES, seed), location);
  }

  /** Frees what a replaced entry points at. False if the page was absent. */
  private boolean release(long page, long old) {
    // Nothing is known about what a damaged entry owned; the next opening of the file frees it.
    if (old == 0 || !PageEntry.isValid(page, old)) {
      return false;
    }
    count(counters, old, -1);
    // The short check of a raw entry is not enough to free what might be another page's memory.
    if (PageEntry.kind(old) != PageEntry.RAW || isIntact(page, old)) {
      free(old);
    }
    return true;
  }

  private void free(long entry) {
    if (PageEntry.isStored(entry)) {
      arena.free(PageEntry.location(entry), objectBytes(entry));
    }
  }

  /** Adds a page of this entry to the gauges, or takes it away. */
  static void count(Counters counters, long entry, int pages) {
    counters.add(Counter.PAGES, pages);
    if (PageEntry.isSame(entry)) {
      counters.add(Counter.SAME_PAGES, pages);
    }
    if (PageEntry.isStored(entry)) {
      counters.add(Counter.OBJECT_BYTES, (long) pages * PageEntry.length(entry));
    }
    if (PageEntry.kind(entry) == PageEntry.RAW) {
      counters.add(Counter.RAW_PAGES, pages);
      counters.add(Counter.RAW_PAGES_SINCE, Math.max(pages, 0));
    }
  }

  /** The bytes that a stored entry's object takes in the arena. */
  static int objectBytes(long entry) {
    int length = PageEntry.length(entry);
    return PageEntry.kind(entry) == PageEntry.RAW ? length : CHECKSUM_BYTES + length;
  }

  private static long seed(long page, long entry) {
    return (page << 16) | ((long) PageEntry.kind(entry) << 12) | (PageEntry.length(entry) - 1);
  }

  private static long rawSeed(long page, long entry) {
    return seed(page, entry) ^ (PageEntry.location(entry) << 20);
  }

  @Override
  public void close() {
    codec.close();
    Memory.unmap(scratch);
  }
}
