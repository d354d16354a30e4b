package io.zublk.store;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.zublk.block.Errno;
import io.zublk.codec.Algorithm;
import io.zublk.codec.CodecSpec;
import io.zublk.codec.PageCodec;
import io.zublk.codec.PageFill;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Memory;
import java.lang.foreign.MemorySegment;

/** One thread's operations on whole pages, and on parts of one. */
final class PageAccess implements AutoCloseable {

  static final int PAGE_BYTES = PageCodec.PAGE_BYTES;

  private final PageTable table;
  private final SlabArena arena;
  private final PageCodec codec;
  private final PageEncoder encoder;
  private final PageDecoder decoder;
  private final Counters counters;

  /** Where this thread stages what it writes; null if it compresses at once. */
  private final StagingWriter staging;

  private final Room room;

  /** The encoder's pages, a page under construction, and the decoder's page. */
  private final MemorySegment scratch;

  private static final long SCRATCH_PAGE = PageEncoder.SCRATCH_BYTES;
  private static final long DECODER_PAGE = SCRATCH_PAGE + PAGE_BYTES;
  private static final long SCRATCH_BYTES = DECODER_PAGE + PAGE_BYTES;

  PageAccess(
      StoreFile file,
      PageTable table,
      SlabArena arena,
      CodecSpec spec,
      Counters counters,
      StagingWriter staging,
      Room room)
      throws LinuxException {
    int compressedKind = spec.algorithm() == Algorithm.ZSTD ? PageEntry.ZSTD : PageEntry.LZ4;
    this.table = table;
    this.arena = arena;
    this.codec = spec.newCodec();
    this.scratch = Memory.mapAnonymous(SCRATCH_BYTES);
    this.encoder = new PageEncoder(file, arena, compressedKind, codec, scratch);
    this.decoder =
        new PageDecoder(file, compressedKind, codec, scratch.asSlice(DECODER_PAGE, PAGE_BYTES));
    this.counters = counters;
    this.staging = staging;
    this.room = room;
  }

  Counters counters() {
    return counters;
  }

  /** Reads a page into {@code target} and returns 0 or {@code -EIO}. */
  int load(long page, MemorySegment target, long offset) {
    long entry = table.get(page);
    if (!PageEntry.needsLock(entry)) {
      return decoder.decode(page, entry, target, offset) ? 0 : damaged();
    }
    entry = table.lock(page);
    if (entry == PageTable.STUCK) {
      return damaged();
    }
    try {
      return decoder.decode(page, entry, target, offset) ? 0 : damaged();
    } finally {
      table.unlock(page, entry);
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

  /** Replaces a page by the bytes at {@code source} and returns 0, {@code -ENOSPC} or -EIO. */
  int store(long page, MemorySegment source, long offset) {
    int result = tryStore(page, source, offset);
    for (int i = 0; result == -Errno.ENOSPC && i < Room.MEASURES; i++) {
      if (room.make(i, this)) {
        result = tryStore(page, source, offset);
      }
    }
    return result == -Errno.ENOSPC ? storeInPlace(page, source, offset) : result;
  }

  private int tryStore(long page, MemorySegment source, long offset) {
    if (PageFill.isFilled(source, offset)) {
      return publish(page, encoder.encodeFill(page, source.get(JAVA_LONG_UNALIGNED, offset)));
    }
    if (staging != null) {
      long slot = staging.nextSlot();
      if (slot >= 0) {
        return stage(page, source, offset, slot);
      }
      counters.add(Counter.UNSTAGED_PAGES, 1);
    }
    return publish(page, encoder.compress(page, source, offset));
  }

  /**
   * Replaces a page by one that is no larger in the slot of the old one, which needs no memory. Its
   * new bytes are staged in the spare page while they take the place of the old ones: whoever looks
   * at the file meanwhile, a reader or the process after a kill, finds one or the other.
   */
  int storeInPlace(long page, MemorySegment source, long offset) {
    long old = table.lock(page);
    if (old == PageTable.STUCK) {
      return damaged();
    }
    long staged = old;
    try {
      staged = stageInSpare(page, old, source, offset);
    } finally {
      table.unlock(page, staged);
    }
    return staged == old ? -Errno.ENOSPC : finishInPlace(page, old, staged, source, offset);
  }

  /** The entry of the page in the spare page; or the old one, if its slot is too small. */
  private long stageInSpare(long page, long old, MemorySegment source, long offset) {
    encoder.pack(source, offset);
    boolean fits = owns(page, old) && encoder.packedFits(old) && room.spare().take();
    return fits ? encoder.stage(page, source, offset, SparePage.LOCATION) : old;
  }

  /** The old slot is still ours, though no entry names it any more. */
  private int finishInPlace(long page, long old, long staged, MemorySegment source, long offset) {
    count(counters, staged, 1);
    count(counters, old, -1);
    long entry = encoder.putPacked(page, source, offset, old);
    long found = table.replaceIf(page, staged, entry);
    if (found == staged) {
      count(counters, entry, 1);
      count(counters, staged, -1);
    } else {
      free(entry);
    }
    if (found != PageTable.STUCK) {
      room.spare().giveBack();
    }
    return 0;
  }

  /** Whether a valid entry points at an object of the page's own in the arena. */
  private boolean owns(long page, long entry) {
    return PageEntry.isStored(entry)
        && PageEntry.isValid(page, entry)
        && decoder.isIntact(page, entry);
  }

  /**
   * Replaces a page by one whose bytes are in the staging area. The entry is locked while the slot
   * is made known to the workers: one that was quicker than the entry would take the slot for one
   * whose page has been replaced since, and free it.
   */
  private int stage(long page, MemorySegment source, long offset, long slot) {
    long entry = encoder.stage(page, source, offset, slot);
    long old = table.lock(page);
    if (old == PageTable.STUCK) {
      staging.cancel();
      return damaged();
    }
    staging.add(page);
    table.unlock(page, entry);
    staging.announce();
    counters.add(Counter.STAGED_PAGES_SINCE, 1);
    count(counters, entry, 1);
    release(page, old);
    return 0;
  }

  /**
   * Compresses a page that was staged in {@code slot}, unless it was replaced since. False if that
   * cannot be done now, for want of memory or because the entry is locked for very long: then the
   * page must stay where it is.
   */
  boolean compressStaged(long page, long slot) {
    long staged = table.getUnlocked(page);
    if (!isStagedAt(page, staged, slot)) {
      counters.add(Counter.OVERTAKEN_PAGES, 1);
      return staged != PageTable.STUCK;
    }
    long entry = encodeStaged(page, staged);
    if (PageEncoder.isErrno(entry)) {
      return false;
    }
    long old = table.replaceIf(page, staged, entry);
    if (old == staged) {
      count(counters, entry, 1);
      count(counters, staged, -1);
    } else {
      free(entry);
      counters.add(Counter.OVERTAKEN_PAGES, 1);
    }
    return old != PageTable.STUCK;
  }

  /** The slot is this thread's to free, so its bytes stay as they are without a lock. */
  private long encodeStaged(long page, long staged) {
    if (!decoder.isIntact(page, staged)) {
      counters.add(Counter.CHECKSUM_ERRORS, 1);
      return PageEntry.ofLost(page);
    }
    return encoder.compressPromised(page, scratch, DECODER_PAGE); // what was found intact
  }

  /**
   * Compresses the pages of a batch that this thread has taken, and ends the taking. False if some
   * must stay where they are.
   */
  boolean compressBatch(StagingArea area, int batch) {
    int first = area.first(batch);
    int end = area.end(batch);
    boolean complete = false;
    try {
      complete = compressStaged(area, batch, first, end);
    } finally {
      area.release(batch, complete ? end : first); // also after a fault: it is tried again
    }
    counters.add(Counter.BATCHES, 1);
    return complete;
  }

  private boolean compressStaged(StagingArea area, int batch, int first, int end) {
    boolean complete = true;
    for (int i = first; i < end; i++) {
      complete &= compressStaged(area.page(batch, i), area.location(batch, i));
    }
    return complete;
  }

  /**
   * Moves a page's object to another slot that has memory, if its entry is still this one. False if
   * it must stay, for want of such a slot or because it is damaged.
   */
  boolean move(long page, long entry) {
    int bytes = PageObject.bytes(entry);
    long location = arena.allocateInMemory(SizeClasses.classOf(bytes));
    if (location < 0) {
      return false;
    }
    long old = table.lock(page);
    boolean isSame = old == entry;
    boolean moves = false;
    long now = old;
    try {
      if (isSame && owns(page, old)) {
        now = encoder.copyTo(location, page, old);
        moves = true;
      }
    } finally {
      if (old != PageTable.STUCK) {
        table.unlock(page, now);
      }
    }
    arena.free(moves ? PageEntry.location(entry) : location, bytes);
    return moves || !isSame;
  }

  private static boolean isStagedAt(long page, long entry, long slot) {
    return PageEntry.kind(entry) == PageEntry.STAGED
        && PageEntry.location(entry) == slot
        && PageEntry.isValid(page, entry);
  }

  /** Replaces {@code length} bytes inside a page, from {@code at} on. */
  int modify(long page, int at, MemorySegment source, long offset, int length) {
    int result = tryModify(page, at, source, offset, length, false);
    for (int i = 0; result == -Errno.ENOSPC && i < Room.MEASURES; i++) {
      if (room.make(i, this)) {
        result = tryModify(page, at, source, offset, length, false);
      }
    }
    return result == -Errno.ENOSPC ? tryModify(page, at, source, offset, length, true) : result;
  }

  private int tryModify(
      long page, int at, MemorySegment source, long offset, int length, boolean inPlace) {
    long old = table.lock(page);
    if (old == PageTable.STUCK) {
      return damaged();
    }
    long entry = old;
    try {
      if (!decoder.decode(page, old, scratch, SCRATCH_PAGE)) {
        return damaged();
      }
      MemorySegment.copy(source, offset, scratch, SCRATCH_PAGE + at, length);
      long changed =
          inPlace
              ? stageInSpare(page, old, scratch, SCRATCH_PAGE)
              : encoder.encode(page, scratch, SCRATCH_PAGE);
      if (PageEncoder.isErrno(changed)) {
        return (int) changed;
      }
      entry = changed;
    } finally {
      table.unlock(page, entry);
    }
    if (inPlace) {
      return entry == old ? -Errno.ENOSPC : finishInPlace(page, old, entry, scratch, SCRATCH_PAGE);
    }
    count(counters, entry, 1);
    release(page, old);
    return 0;
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

  /** Puts an entry that was encoded into the table; or returns the errno that it is. */
  private int publish(long page, long entry) {
    if (PageEncoder.isErrno(entry)) {
      return (int) entry;
    }
    long old = table.replace(page, entry);
    if (old == PageTable.STUCK) {
      free(entry);
      return damaged();
    }
    count(counters, entry, 1);
    release(page, old);
    return 0;
  }

  private int damaged() {
    counters.add(Counter.CHECKSUM_ERRORS, 1);
    return -Errno.EIO;
  }

  /** Frees what a replaced entry points at. False if the page was absent. */
  private boolean release(long page, long old) {
    // Nothing is known about what a damaged entry owned; the next opening of the file frees it.
    if (old == 0 || !PageEntry.isValid(page, old)) {
      return false;
    }
    count(counters, old, -1);
    // The short check of a raw entry is not enough to free what might be another page's memory.
    if (PageEntry.kind(old) != PageEntry.RAW || decoder.isIntact(page, old)) {
      free(old);
    }
    return true;
  }

  /** Frees what an entry owns in the arena; a slot of the staging area is its worker's. */
  private void free(long entry) {
    if (PageEntry.isStored(entry)) {
      arena.free(PageEntry.location(entry), PageObject.bytes(entry));
    }
  }

  /** Adds a page of this entry to the gauges, or takes it away. */
  static void count(Counters counters, long entry, int pages) {
    counters.add(Counter.PAGES, pages);
    if (PageEntry.isSame(entry)) {
      counters.add(Counter.SAME_PAGES, pages);
    }
    if (PageEntry.needsLock(entry)) {
      counters.add(Counter.OBJECT_BYTES, (long) pages * PageEntry.length(entry));
    }
    if (PageEntry.kind(entry) == PageEntry.RAW) {
      counters.add(Counter.RAW_PAGES, pages);
      counters.add(Counter.RAW_PAGES_SINCE, Math.max(pages, 0));
    }
    if (PageEntry.kind(entry) == PageEntry.STAGED) {
      counters.add(Counter.STAGED_PAGES, pages);
    }
  }

  @Override
  public void close() {
    if (staging != null) {
      staging.close();
    }
    codec.close();
    Memory.unmap(scratch);
  }
}
