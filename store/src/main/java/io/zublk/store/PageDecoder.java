package io.zublk.store;

import static io.zublk.store.PageAccess.PAGE_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.zublk.codec.PageChecksum;
import io.zublk.codec.PageCodec;
import io.zublk.codec.PageFill;
import java.lang.foreign.MemorySegment;

/** The way from a page-table entry to the page's bytes. One thread's. */
final class PageDecoder {

  private final StoreLayout layout;
  private final MemorySegment memory;
  private final int compressedKind;
  private final PageCodec codec;
  private final PageChecksum checksum;

  PageDecoder(StoreFile file, int compressedKind, PageCodec codec) {
    this.layout = file.layout();
    this.memory = file.memory();
    this.compressedKind = compressedKind;
    this.codec = codec;
    this.checksum = new PageChecksum(memory);
  }

  /**
   * Writes the page of an entry, which is locked if it needs that. False if the entry or what it
   * points at is damaged; the target page is then undefined.
   */
  boolean decode(long page, long entry, MemorySegment target, long offset) {
    if (!PageEntry.isValid(page, entry)) {
      return false;
    }
    int kind = PageEntry.kind(entry);
    if (!PageEntry.needsLock(entry)) {
      PageFill.fill(target, offset, kind == PageEntry.ABSENT ? 0 : PageEntry.fillWord(entry));
      return kind != PageEntry.LOST;
    }
    long object = layout.position(entry);
    return isIntact(page, entry, object) && decodeObject(kind, entry, object, target, offset);
  }

  private boolean decodeObject(
      int kind, long entry, long object, MemorySegment target, long offset) {
    long bytes = object + PageObject.CHECKSUM_BYTES;
    switch (kind) {
      case PageEntry.RAW, PageEntry.STAGED ->
          MemorySegment.copy(memory, object, target, offset, PAGE_BYTES);
      case PageEntry.WORD -> PageFill.fill(target, offset, memory.get(JAVA_LONG_UNALIGNED, bytes));
      case PageEntry.PADDED -> {
        return decodeInner(bytes, PageEntry.length(entry), target, offset);
      }
      default -> {
        return kind == compressedKind
            && codec.decompress(memory, bytes, PageEntry.length(entry), target, offset);
      }
    }
    return true;
  }

  private boolean decodeInner(long bytes, int room, MemorySegment target, long offset) {
    int kind = memory.get(JAVA_SHORT, bytes + PageObject.INNER_KIND);
    int length = memory.get(JAVA_SHORT, bytes + PageObject.INNER_LENGTH);
    if (length < 1 || length > room - PageObject.INNER_BYTES) {
      return false;
    }
    long inner = bytes + PageObject.INNER_BYTES;
    if (kind == PageEntry.WORD) {
      PageFill.fill(target, offset, memory.get(JAVA_LONG_UNALIGNED, inner));
      return true;
    }
    return kind == compressedKind && codec.decompress(memory, inner, length, target, offset);
  }

  /** Whether what a valid entry points at is there and has its checksum. */
  boolean isIntact(long page, long entry) {
    return isIntact(page, entry, layout.position(entry));
  }

  private boolean isIntact(long page, long entry, long object) {
    if (!layout.contains(entry)) {
      return false;
    }
    long seed = PageObject.seed(page, entry);
    if (PageEntry.isWhole(entry)) {
      return PageEntry.checksumMatches(entry, checksum.of(object, PAGE_BYTES, seed));
    }
    long bytes = object + PageObject.CHECKSUM_BYTES;
    return memory.get(JAVA_INT, object) == checksum.of(bytes, PageEntry.length(entry), seed);
  }
}
