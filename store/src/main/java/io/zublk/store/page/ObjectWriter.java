package io.zublk.store.page;

import static io.zublk.block.Geometry.PAGE_BYTES;
import static io.zublk.store.page.PageObject.CHECKSUM_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.zublk.codec.PageChecksum;
import io.zublk.codec.PageFill;
import io.zublk.store.arena.SizeClasses;
import io.zublk.store.arena.SlabArena;
import io.zublk.store.file.StoreFile;
import io.zublk.store.file.StoreLayout;
import io.zublk.store.table.PageEntry;
import java.lang.foreign.MemorySegment;

/**
 * The way from a page's bytes to an object in its place, and the entry that is to name it. An
 * object is packed in memory of the writer's own, and then put where there is room. One thread's.
 */
final class ObjectWriter {

  /** Larger ones would need the slot of a raw page. */
  static final int MAX_COMPRESSED_BYTES =
      SizeClasses.slotBytes(SizeClasses.count() - 2) - CHECKSUM_BYTES;

  private final StoreLayout layout;
  private final MemorySegment memory;
  private final SlabArena arena;
  private final Packing packing;
  private final PageChecksum checksum;

  /** Of pages where they are staged: that memory is small enough for a buffer of its own. */
  private final PageChecksum stagedChecksum;

  /** What the writer needs for itself: an object, and all of what is stored if that is more. */
  static final int SCRATCH_BYTES = 2 * PAGE_BYTES;

  private static final int OBJECT = 0;
  private static final int WHOLE = PAGE_BYTES;

  private final MemorySegment scratch;
  private final PreparedSlot prepared;

  // The object that lies there, packed.
  private int packedKind;
  private int packedLength;

  ObjectWriter(StoreFile file, SlabArena arena, Packing packing, MemorySegment scratch) {
    this.layout = file.layout();
    this.memory = file.memory();
    this.arena = arena;
    this.packing = packing;
    this.checksum = new PageChecksum(scratch);
    this.stagedChecksum =
        new PageChecksum(memory.asSlice(layout.stagingOffset, SparePage.LOCATION + PAGE_BYTES));
    this.scratch = scratch;
    this.prepared = new PreparedSlot(arena);
  }

  /** Whether what a method returned as an entry is none: a negated errno, say. */
  static boolean isErrno(long entry) {
    return entry < 0 && entry > -4096; // no entry is of kind 15
  }

  /** Writes a page that is one repeated word; returns its entry or {@code -ENOSPC}. */
  long writeFill(long page, long word) {
    if (PageEntry.fitsInEntry(word)) {
      return PageEntry.ofFill(page, word);
    }
    packWord(word);
    return place(page, scratch, OBJECT, false);
  }

  /**
   * Writes a page, whatever it is, where there is memory: no call of the kernel's may keep waiting
   * who waits for this thread. What was packed stays so for {@link #prepare}.
   *
   * @return its entry or {@link SlabArena#NOT_AT_HAND}
   */
  long writeAtHand(long page, MemorySegment source, long offset) {
    pack(source, offset);
    long word = scratch.get(JAVA_LONG, OBJECT);
    if (packedKind == PageEntry.WORD && PageEntry.fitsInEntry(word)) {
      return PageEntry.ofFill(page, word);
    }
    int bytes = packedBytes();
    long location = prepared.isFor(bytes) ? prepared.use() : arena.allocateAtHand(bytes);
    return location < 0 ? location : putAt(location, page, source, offset);
  }

  /** Has a slot ready for a page that is packed; returns 0 or {@code -ENOSPC}. */
  int prepare() {
    return prepared.take(packedBytes());
  }

  /** Frees what was prepared and not used. */
  void endPreparing() {
    prepared.free();
  }

  /**
   * Writes a page that is not one repeated word; returns its entry or {@code -ENOSPC}.
   *
   * @param promised whether its memory was promised
   */
  long compress(long page, MemorySegment source, long offset, boolean promised) {
    packMixed(source, offset);
    return place(page, source, offset, promised);
  }

  /** Makes the object of a page, for {@link #putPacked}; {@code source} is the page again there. */
  void pack(MemorySegment source, long offset) {
    if (PageFill.isFilled(source, offset)) {
      packWord(source.get(JAVA_LONG_UNALIGNED, offset));
    } else {
      packMixed(source, offset);
    }
  }

  private void packWord(long word) {
    scratch.set(JAVA_LONG, OBJECT, word);
    packedKind = PageEntry.WORD;
    packedLength = Long.BYTES;
  }

  private void packMixed(MemorySegment source, long offset) {
    packedLength = packing.pack(source, offset, scratch, OBJECT, MAX_COMPRESSED_BYTES);
    packedKind = packing.kind();
  }

  /** The {@linkplain PageEntry kind} of what is packed: a WORD, compressed, or RAW. */
  int packedKind() {
    return packedKind;
  }

  /** The bytes of what is packed, unless it is RAW. */
  int packedLength() {
    return packedLength;
  }

  /** Where it is packed, from the first byte on, unless it is RAW. */
  MemorySegment packed() {
    return scratch;
  }

  /**
   * Writes what another store has packed: {@code length} bytes of a {@linkplain #packedKind kind}.
   *
   * @return the page's entry or {@code -ENOSPC}
   */
  long writePacked(long page, int kind, MemorySegment source, long offset, int length) {
    packedKind = kind;
    packedLength = length;
    MemorySegment.copy(source, offset, scratch, OBJECT, length);
    return place(page, scratch, OBJECT, false);
  }

  private int packedBytes() {
    return packedKind == PageEntry.RAW ? PAGE_BYTES : CHECKSUM_BYTES + packedLength;
  }

  private int packedClass() {
    return SizeClasses.classOf(packedBytes());
  }

  /** Puts what is packed into a slot of its own; returns the entry or {@code -ENOSPC}. */
  private long place(long page, MemorySegment source, long offset, boolean promised) {
    long location = arena.allocate(packedBytes(), promised);
    return location < 0 ? location : putAt(location, page, source, offset);
  }

  /** Puts what is packed into a slot of its class; returns the entry. */
  private long putAt(long location, long page, MemorySegment source, long offset) {
    if (packedKind == PageEntry.RAW) {
      return putRaw(page, source, offset, location);
    }
    long entry = PageEntry.ofObject(page, packedKind, packedLength, location);
    long object = PageObject.position(layout, entry);
    MemorySegment.copy(scratch, OBJECT, memory, object + CHECKSUM_BYTES, packedLength);
    sign(page, entry, OBJECT);
    return entry;
  }

  /**
   * Copies the page by way of the scratch memory: a source that changes meanwhile must not have
   * another checksum than what is stored.
   */
  private long putRaw(long page, MemorySegment source, long offset, long location) {
    long entry = PageEntry.ofRaw(page, 0, location);
    MemorySegment.copy(source, offset, scratch, WHOLE, PAGE_BYTES);
    MemorySegment.copy(scratch, WHOLE, memory, PageObject.position(layout, entry), PAGE_BYTES);
    int sum = checksum.of(WHOLE, PAGE_BYTES, PageObject.seed(page, entry));
    return PageEntry.ofRaw(page, sum, location);
  }

  /** Puts the checksum of the bytes at {@code from} in the scratch memory before the object. */
  private void sign(long page, long entry, int from) {
    int sum = checksum.of(from, PageEntry.length(entry), PageObject.seed(page, entry));
    memory.set(JAVA_INT, PageObject.position(layout, entry), sum);
  }

  /** Whether the packed object fits into the slot of an entry's. */
  boolean packedFits(long entry) {
    return packedClass() <= SizeClasses.classOf(PageObject.bytes(entry));
  }

  /** Puts the packed object into the slot of the page's old entry; returns the new one. */
  long putPacked(long page, MemorySegment source, long offset, long old) {
    long location = PageEntry.location(old);
    int sizeClass = SizeClasses.classOf(PageObject.bytes(old));
    if (packedClass() == sizeClass) {
      return putAt(location, page, source, offset);
    }
    int length = SizeClasses.slotBytes(sizeClass) - CHECKSUM_BYTES;
    long entry = PageEntry.ofObject(page, PageEntry.PADDED, length, location);
    scratch.set(JAVA_SHORT, WHOLE + PageObject.INNER_KIND, (short) packedKind);
    scratch.set(JAVA_SHORT, WHOLE + PageObject.INNER_LENGTH, (short) packedLength);
    MemorySegment.copy(scratch, OBJECT, scratch, WHOLE + PageObject.INNER_BYTES, packedLength);
    MemorySegment.copy(
        scratch, WHOLE, memory, PageObject.position(layout, entry) + CHECKSUM_BYTES, length);
    sign(page, entry, WHOLE);
    return entry;
  }

  /** Copies the object of an entry, which is locked, to another slot; returns its entry there. */
  long copyTo(long location, long page, long entry) {
    long object = PageObject.position(layout, entry);
    if (PageEntry.kind(entry) == PageEntry.RAW) {
      return putRaw(page, memory, object, location);
    }
    long copy = PageEntry.ofObject(page, PageEntry.kind(entry), PageEntry.length(entry), location);
    MemorySegment.copy(
        memory, object, memory, PageObject.position(layout, copy), PageObject.bytes(entry));
    return copy;
  }

  /** Copies the page to a slot of the staging area; returns its entry. */
  long stage(long page, MemorySegment source, long offset, long slot) {
    MemorySegment.copy(source, offset, memory, layout.stagingOffset + slot, PAGE_BYTES);
    long seed = PageObject.seed(page, PageEntry.ofStaged(page, 0, slot));
    return PageEntry.ofStaged(page, stagedChecksum.of((int) slot, PAGE_BYTES, seed), slot);
  }
}
