package io.zublk.store;

import static io.zublk.store.PageAccess.PAGE_BYTES;
import static io.zublk.store.PageObject.CHECKSUM_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.zublk.codec.PageChecksum;
import io.zublk.codec.PageCodec;
import io.zublk.codec.PageFill;
import java.lang.foreign.MemorySegment;

/** The way from a page's bytes to an entry that has yet to be published. One thread's. */
final class PageEncoder {

  /** Larger ones would need the slot of a raw page. */
  static final int MAX_COMPRESSED_BYTES =
      SizeClasses.slotBytes(SizeClasses.count() - 2) - CHECKSUM_BYTES;

  private final StoreLayout layout;
  private final MemorySegment memory;
  private final SlabArena arena;
  private final int compressedKind;
  private final PageCodec codec;
  private final PageChecksum checksum;

  /** An object under construction, of up to a page. */
  private final MemorySegment scratch;

  PageEncoder(
      StoreFile file, SlabArena arena, int compressedKind, PageCodec codec, MemorySegment scratch) {
    this.layout = file.layout();
    this.memory = file.memory();
    this.arena = arena;
    this.compressedKind = compressedKind;
    this.codec = codec;
    this.checksum = new PageChecksum(memory);
    this.scratch = scratch;
  }

  /** Whether what {@link #encodeFill} or {@link #encode} returned is a negated errno. */
  static boolean isErrno(long entry) {
    return entry < 0 && entry > -4096; // no entry is of kind 15
  }

  /** Stores the page, which is one repeated word; returns its entry or {@code -ENOSPC}. */
  long encodeFill(long page, long word) {
    if (PageEntry.fitsInEntry(word)) {
      return PageEntry.ofFill(page, word);
    }
    scratch.set(JAVA_LONG, 0, word);
    return storeObject(page, PageEntry.WORD, Long.BYTES);
  }

  /** Stores the page, whatever it is; returns its entry or {@code -ENOSPC}. */
  long encode(long page, MemorySegment source, long offset) {
    if (PageFill.isFilled(source, offset)) {
      return encodeFill(page, source.get(JAVA_LONG_UNALIGNED, offset));
    }
    return compress(page, source, offset);
  }

  /** Stores a page that is known not to be one repeated word; returns its entry or -ENOSPC. */
  long compress(long page, MemorySegment source, long offset) {
    int length = codec.compress(source, offset, scratch, 0, MAX_COMPRESSED_BYTES);
    return length == 0 ? storeRaw(page, source, offset) : storeObject(page, compressedKind, length);
  }

  /** Stores the first {@code length} bytes of the scratch memory. */
  private long storeObject(long page, int kind, int length) {
    long location = arena.allocate(CHECKSUM_BYTES + length);
    if (location < 0) {
      return location;
    }
    long entry = PageEntry.ofObject(page, kind, length, location);
    long object = layout.position(entry);
    long bytes = object + CHECKSUM_BYTES;
    MemorySegment.copy(scratch, 0, memory, bytes, length);
    memory.set(JAVA_INT, object, checksum.of(bytes, length, PageObject.seed(page, entry)));
    return entry;
  }

  private long storeRaw(long page, MemorySegment source, long offset) {
    long location = arena.allocate(PAGE_BYTES);
    if (location < 0) {
      return location;
    }
    return PageEntry.ofRaw(
        page, copyWhole(PageEntry.ofRaw(page, 0, location), page, source, offset), location);
  }

  /** Copies the page to a slot of the staging area; returns its entry. */
  long stage(long page, MemorySegment source, long offset, long slot) {
    return PageEntry.ofStaged(
        page, copyWhole(PageEntry.ofStaged(page, 0, slot), page, source, offset), slot);
  }

  /** Copies the page to where the entry says; returns its checksum. */
  private int copyWhole(long entry, long page, MemorySegment source, long offset) {
    long target = layout.position(entry);
    MemorySegment.copy(source, offset, memory, target, PAGE_BYTES);
    return checksum.of(target, PAGE_BYTES, PageObject.seed(page, entry));
  }
}
