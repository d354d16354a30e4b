package io.zublk.store;

import static io.zublk.store.PageAccess.PAGE_BYTES;
import static io.zublk.store.PageObject.CHECKSUM_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

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

  /** What the encoder needs for itself: an object, and all of what is stored if that is more. */
  static final int SCRATCH_BYTES = 2 * PAGE_BYTES;

  private static final int OBJECT = 0;
  private static final int WHOLE = PAGE_BYTES;

  private final MemorySegment scratch;

  // The object that lies there, packed.
  private int packedKind;
  private int packedLength;

  PageEncoder(
      StoreFile file, SlabArena arena, int compressedKind, PageCodec codec, MemorySegment scratch) {
    this.layout = file.layout();
    this.memory = file.memory();
    this.arena = arena;
    this.compressedKind = compressedKind;
    this.codec = codec;
    this.checksum = new PageChecksum(scratch);
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
    scratch.set(JAVA_LONG, OBJECT, word);
    return storeObject(page, PageEntry.WORD, Long.BYTES, false);
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
    return compress(page, source, offset, false);
  }

  /** As {@link #compress}, for a page whose memory was promised. */
  long compressPromised(long page, MemorySegment source, long offset) {
    return compress(page, source, offset, true);
  }

  private long compress(long page, MemorySegment source, long offset, boolean promised) {
    int length = codec.compress(source, offset, scratch, OBJECT, MAX_COMPRESSED_BYTES);
    return length == 0
        ? storeRaw(page, source, offset, promised)
        : storeObject(page, compressedKind, length, promised);
  }

  /** Stores the object of {@code length} bytes in the scratch memory. */
  private long storeObject(long page, int kind, int length, boolean promised) {
    long location = arena.allocate(CHECKSUM_BYTES + length, promised);
    return location < 0 ? location : putObject(page, kind, length, location);
  }

  private long putObject(long page, int kind, int length, long location) {
    long entry = PageEntry.ofObject(page, kind, length, location);
    MemorySegment.copy(scratch, OBJECT, memory, layout.position(entry) + CHECKSUM_BYTES, length);
    sign(page, entry, OBJECT);
    return entry;
  }

  /** Puts the checksum of the bytes at {@code from} in the scratch memory before the object. */
  private void sign(long page, long entry, int from) {
    int sum = checksum.of(from, PageEntry.length(entry), PageObject.seed(page, entry));
    memory.set(JAVA_INT, layout.position(entry), sum);
  }

  private long storeRaw(long page, MemorySegment source, long offset, boolean promised) {
    long location = arena.allocate(PAGE_BYTES, promised);
    return location < 0 ? location : putRaw(page, source, offset, location);
  }

  private long putRaw(long page, MemorySegment source, long offset, long location) {
    return PageEntry.ofRaw(
        page, copyWhole(PageEntry.ofRaw(page, 0, location), page, source, offset), location);
  }

  /** Makes the object of a page, for {@link #putPacked}; {@code source} is the page again there. */
  void pack(MemorySegment source, long offset) {
    if (PageFill.isFilled(source, offset)) {
      scratch.set(JAVA_LONG, OBJECT, source.get(JAVA_LONG_UNALIGNED, offset));
      packedKind = PageEntry.WORD;
      packedLength = Long.BYTES;
    } else {
      packedLength = codec.compress(source, offset, scratch, OBJECT, MAX_COMPRESSED_BYTES);
      packedKind = packedLength == 0 ? PageEntry.RAW : compressedKind;
    }
  }

  /** Whether the packed object fits into the slot of an entry's. */
  boolean packedFits(long entry) {
    return packedClass() <= SizeClasses.classOf(PageObject.bytes(entry));
  }

  private int packedClass() {
    return SizeClasses.classOf(
        packedKind == PageEntry.RAW ? PAGE_BYTES : CHECKSUM_BYTES + packedLength);
  }

  /** Puts the packed object into the slot of the page's old entry; returns the new one. */
  long putPacked(long page, MemorySegment source, long offset, long old) {
    long location = PageEntry.location(old);
    int sizeClass = SizeClasses.classOf(PageObject.bytes(old));
    if (packedKind == PageEntry.RAW) {
      return putRaw(page, source, offset, location);
    }
    if (packedClass() == sizeClass) {
      return putObject(page, packedKind, packedLength, location);
    }
    int length = SizeClasses.slotBytes(sizeClass) - CHECKSUM_BYTES;
    long entry = PageEntry.ofObject(page, PageEntry.PADDED, length, location);
    scratch.set(JAVA_SHORT, WHOLE + PageObject.INNER_KIND, (short) packedKind);
    scratch.set(JAVA_SHORT, WHOLE + PageObject.INNER_LENGTH, (short) packedLength);
    MemorySegment.copy(scratch, OBJECT, scratch, WHOLE + PageObject.INNER_BYTES, packedLength);
    MemorySegment.copy(scratch, WHOLE, memory, layout.position(entry) + CHECKSUM_BYTES, length);
    sign(page, entry, WHOLE);
    return entry;
  }

  /** Copies the object of an entry, which is locked, to another slot; returns its entry there. */
  long copyTo(long location, long page, long entry) {
    long object = layout.position(entry);
    if (PageEntry.kind(entry) == PageEntry.RAW) {
      return putRaw(page, memory, object, location);
    }
    long copy = PageEntry.ofObject(page, PageEntry.kind(entry), PageEntry.length(entry), location);
    MemorySegment.copy(memory, object, memory, layout.position(copy), PageObject.bytes(entry));
    return copy;
  }

  /** Copies the page to a slot of the staging area; returns its entry. */
  long stage(long page, MemorySegment source, long offset, long slot) {
    return PageEntry.ofStaged(
        page, copyWhole(PageEntry.ofStaged(page, 0, slot), page, source, offset), slot);
  }

  /**
   * Copies the page to where the entry says; returns its checksum. By way of the scratch memory: a
   * source that changes meanwhile must not have another checksum than what is stored.
   */
  private int copyWhole(long entry, long page, MemorySegment source, long offset) {
    MemorySegment.copy(source, offset, scratch, WHOLE, PAGE_BYTES);
    MemorySegment.copy(scratch, WHOLE, memory, layout.position(entry), PAGE_BYTES);
    return checksum.of(WHOLE, PAGE_BYTES, PageObject.seed(page, entry));
  }
}
