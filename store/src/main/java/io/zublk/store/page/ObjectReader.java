package io.zublk.store.page;

import static io.zublk.block.Geometry.PAGE_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.zublk.codec.PageChecksum;
import io.zublk.codec.PageFill;
import io.zublk.store.file.StoreFile;
import io.zublk.store.file.StoreLayout;
import io.zublk.store.table.PageEntry;
import java.lang.foreign.MemorySegment;

/**
 * The way from a page-table entry to the page's bytes. One thread's.
 *
 * <p>What an entry points at is copied before anything else: its bytes are then in one place of
 * known size, whose checksum takes no more than one buffer, and what is decoded is what was
 * verified, whatever happens to the store's memory meanwhile.
 */
final class ObjectReader {

  private final StoreFile file;
  private final StoreLayout layout;
  private final MemorySegment memory;
  private final Codecs codecs;
  private final MemorySegment copy;
  private final PageChecksum checksum;

  /** {@code copy}: a page of this reader's own. */
  ObjectReader(StoreFile file, Codecs codecs, MemorySegment copy) {
    this.file = file;
    this.layout = file.layout();
    this.memory = file.memory();
    this.codecs = codecs;
    this.copy = copy;
    this.checksum = new PageChecksum(copy);
  }

  /**
   * Writes the page of an entry, which is locked if it needs that. False if the entry or what it
   * points at is damaged; the target page is then undefined.
   */
  boolean read(long page, long entry, MemorySegment target, long offset) {
    if (!PageEntry.isValid(page, entry)) {
      return false;
    }
    int kind = PageEntry.kind(entry);
    if (!PageEntry.needsLock(entry)) {
      PageFill.fill(target, offset, kind == PageEntry.ABSENT ? 0 : PageEntry.fillWord(entry));
      return kind != PageEntry.LOST;
    }
    return isIntact(page, entry) && decode(kind, entry, target, offset);
  }

  private boolean decode(int kind, long entry, MemorySegment target, long offset) {
    switch (kind) {
      case PageEntry.RAW, PageEntry.STAGED ->
          MemorySegment.copy(copy, 0, target, offset, PAGE_BYTES);
      case PageEntry.WORD -> PageFill.fill(target, offset, copy.get(JAVA_LONG_UNALIGNED, 0));
      case PageEntry.PADDED -> {
        return decodeInner(PageEntry.length(entry), target, offset);
      }
      default -> {
        return codecs.decompress(kind, copy, 0, PageEntry.length(entry), target, offset);
      }
    }
    return true;
  }

  private boolean decodeInner(int room, MemorySegment target, long offset) {
    int kind = innerKind();
    int length = innerLength(room);
    if (length == 0) {
      return false;
    }
    long inner = PageObject.INNER_BYTES;
    if (kind == PageEntry.WORD) {
      PageFill.fill(target, offset, copy.get(JAVA_LONG_UNALIGNED, inner));
      return true;
    }
    return codecs.decompress(kind, copy, inner, length, target, offset);
  }

  /** What is padded in the object that was copied last. */
  int innerKind() {
    return copy.get(JAVA_SHORT, PageObject.INNER_KIND);
  }

  /** The length in bytes of what is padded there, in an object of {@code room}; 0: it is none. */
  int innerLength(int room) {
    int length = copy.get(JAVA_SHORT, PageObject.INNER_LENGTH);
    return length < 1 || length > room - PageObject.INNER_BYTES ? 0 : length;
  }

  /** What the entry that was looked at last points at, without its checksum. */
  MemorySegment copy() {
    return copy;
  }

  /** Whether an entry points at an intact object of the page's own in the arena. */
  boolean owns(long page, long entry) {
    return PageEntry.isStored(entry) && PageEntry.isValid(page, entry) && isIntact(page, entry);
  }

  /** Copies what a valid entry points at; false if it is not there, or has another checksum. */
  boolean isIntact(long page, long entry) {
    return PageObject.isInside(file.extent(), entry)
        && isIntact(page, entry, memory, PageObject.position(layout, entry));
  }

  /** As {@link #isIntact(long, long)}, of what such an entry has pointed at and now lies here. */
  boolean isIntact(long page, long entry, MemorySegment source, long object) {
    long seed = PageObject.seed(page, entry);
    int length = PageEntry.length(entry);
    if (PageEntry.isWhole(entry)) {
      MemorySegment.copy(source, object, copy, 0, length);
      return PageEntry.checksumMatches(entry, checksum.of(0, length, seed));
    }
    MemorySegment.copy(source, object + PageObject.CHECKSUM_BYTES, copy, 0, length);
    return source.get(JAVA_INT, object) == checksum.of(0, length, seed);
  }
}
