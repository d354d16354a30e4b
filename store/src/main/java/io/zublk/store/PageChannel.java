package io.zublk.store;

import static io.zublk.store.PageAccess.PAGE_BYTES;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockStatus;
import io.zublk.block.Errno;
import io.zublk.block.Geometry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** One thread's way into a page store: byte ranges cut into pages. */
final class PageChannel implements BlockChannel {

  private static final MemorySegment ZEROS = Arena.global().allocate(PAGE_BYTES);

  private final PageStore store;
  private final PageTable table;
  private final Geometry geometry;
  private final PageAccess access;
  private final Counters counters;

  PageChannel(PageStore store, PageTable table, PageAccess access, Counters counters) {
    this.store = store;
    this.table = table;
    this.geometry = store.geometry();
    this.access = access;
    this.counters = counters;
  }

  @Override
  public int read(long position, MemorySegment buffer, long offset, int length) {
    if (isOutside(position, length)) {
      return -Errno.EINVAL;
    }
    long end = position + length;
    for (long at = position; at < end; ) {
      long page = at / PAGE_BYTES;
      int part = partLength(at, end);
      long target = offset + (at - position);
      int result =
          part == PAGE_BYTES
              ? access.load(page, buffer, target)
              : access.loadPart(page, (int) (at % PAGE_BYTES), buffer, target, part);
      if (result < 0) {
        counters.add(Counter.FAILED_READS, 1);
        return result;
      }
      at += part;
    }
    return 0;
  }

  @Override
  public int write(long position, MemorySegment buffer, long offset, int length) {
    if (isOutside(position, length)) {
      return -Errno.EINVAL;
    }
    long end = position + length;
    for (long at = position; at < end; ) {
      long page = at / PAGE_BYTES;
      int part = partLength(at, end);
      long source = offset + (at - position);
      int result =
          part == PAGE_BYTES
              ? access.store(page, buffer, source)
              : access.modify(page, (int) (at % PAGE_BYTES), buffer, source, part);
      if (result < 0) {
        counters.add(Counter.FAILED_WRITES, 1);
        return result;
      }
      at += part;
    }
    return 0;
  }

  @Override
  public int discard(long position, long length) {
    if (isOutside(position, length)) {
      return -Errno.EINVAL;
    }
    long endPage = (position + length) / PAGE_BYTES;
    for (long page = (position + PAGE_BYTES - 1) / PAGE_BYTES; page < endPage; page++) {
      int result = access.drop(page);
      if (result < 0) {
        counters.add(Counter.FAILED_WRITES, 1);
        return result;
      }
    }
    return 0;
  }

  @Override
  public int writeZeroes(long position, long length, boolean mayUnmap) {
    if (isOutside(position, length)) {
      return -Errno.EINVAL;
    }
    long end = position + length;
    for (long at = position; at < end; ) {
      int part = partLength(at, end);
      int result = zero(at, part, mayUnmap);
      if (result < 0) {
        counters.add(Counter.FAILED_WRITES, 1);
        return result;
      }
      at += part;
    }
    return 0;
  }

  private int zero(long at, int part, boolean mayUnmap) {
    long page = at / PAGE_BYTES;
    if (part < PAGE_BYTES) {
      return access.modify(page, (int) (at % PAGE_BYTES), ZEROS, 0, part);
    }
    return mayUnmap ? access.drop(page) : access.fillWithZeros(page);
  }

  /** Nothing to do: what is acknowledged is in the store file, and that is all RAM can promise. */
  @Override
  public int flush() {
    return 0;
  }

  @Override
  public long status(long position, long length) {
    if (isOutside(position, length)) {
      return -Errno.EINVAL;
    }
    long end = position + length;
    int flags = flags(position / PAGE_BYTES);
    long at = position;
    do {
      at += partLength(at, end);
    } while (at < end && flags(at / PAGE_BYTES) == flags);
    return BlockStatus.of(at - position, flags);
  }

  private int flags(long page) {
    long entry = table.get(page);
    if (PageEntry.kind(entry) == PageEntry.ABSENT) {
      return BlockStatus.HOLE | BlockStatus.ZERO;
    }
    boolean zeros = PageEntry.kind(entry) == PageEntry.FILL && PageEntry.fillWord(entry) == 0;
    return zeros ? BlockStatus.ZERO : 0;
  }

  private boolean isOutside(long position, long length) {
    if (geometry.contains(position, length)) {
      return false;
    }
    counters.add(Counter.INVALID_IO, 1);
    return true;
  }

  /** How much of the page at {@code at} lies before {@code end}. */
  private static int partLength(long at, long end) {
    return (int) Math.min(PAGE_BYTES - at % PAGE_BYTES, end - at);
  }

  @Override
  public void close() {
    if (store.forget(counters)) {
      access.close();
    }
  }
}
