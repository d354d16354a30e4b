package io.zublk.store;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockStatus;
import io.zublk.block.Errno;
import io.zublk.block.ThreadCounters;
import io.zublk.store.file.StoreFile;
import io.zublk.store.page.Counter;
import io.zublk.store.page.PageAccess;
import io.zublk.store.page.PageReader;
import io.zublk.store.page.PageWriter;
import io.zublk.store.table.PageEntry;
import io.zublk.store.table.PageTable;
import io.zublk.store.work.LargeRead;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** One thread's way into a page store: byte ranges cut into pages. */
final class PageChannel implements BlockChannel {

  private static final MemorySegment ZEROS = Arena.global().allocate(PAGE_BYTES);

  /** What {@link #forEachPage} does to a page or part of one. */
  private enum Operation {
    READ,
    WRITE,
    ZERO,
    UNMAP
  }

  private final Gate.Entrance entrance;
  private final StoreFile file;
  private final PageTable table;
  private final PageAccess access;
  private final PageReader reader;
  private final PageWriter writer;
  private final LargeRead largeRead;
  private final ThreadCounters<Counter> counters;

  PageChannel(
      Gate.Entrance entrance,
      StoreFile file,
      PageTable table,
      PageAccess access,
      LargeRead largeRead) {
    this.entrance = entrance;
    this.file = file;
    this.table = table;
    this.access = access;
    this.reader = access.reader();
    this.writer = access.writer();
    this.largeRead = largeRead;
    this.counters = access.counters();
  }

  @Override
  public int read(long position, MemorySegment buffer, long offset, int length) {
    if (position % PAGE_BYTES == 0
        && length % PAGE_BYTES == 0
        && largeRead.isWorthwhile(length, buffer)) {
      return readWithHelp(position, length, buffer, offset);
    }
    return forEachPage(Operation.READ, position, length, buffer, offset);
  }

  private int readWithHelp(long position, int length, MemorySegment buffer, long offset) {
    if (!entrance.enter()) {
      return -Errno.ESHUTDOWN;
    }
    try {
      if (isOutside(position, length)) {
        return -Errno.EINVAL;
      }
      long page = position / PAGE_BYTES;
      return counted(
          Counter.FAILED_READS, largeRead.run(reader, page, length / PAGE_BYTES, buffer, offset));
    } finally {
      entrance.leave();
    }
  }

  @Override
  public int write(long position, MemorySegment buffer, long offset, int length) {
    return forEachPage(Operation.WRITE, position, length, buffer, offset);
  }

  @Override
  public int writeZeroes(long position, long length, boolean mayUnmap) {
    return forEachPage(mayUnmap ? Operation.UNMAP : Operation.ZERO, position, length, ZEROS, 0);
  }

  @Override
  public int discard(long position, long length) {
    if (isOutside(position, length)) {
      return -Errno.EINVAL;
    }
    long first = (position + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    long end = (position + length) / PAGE_BYTES * PAGE_BYTES;
    return first < end ? forEachPage(Operation.UNMAP, first, end - first, ZEROS, 0) : 0;
  }

  private int forEachPage(
      Operation operation, long position, long length, MemorySegment buffer, long offset) {
    if (!entrance.enter()) {
      return -Errno.ESHUTDOWN;
    }
    try {
      if (isOutside(position, length)) {
        return -Errno.EINVAL;
      }
      return inside(operation, position, length, buffer, offset);
    } finally {
      entrance.leave();
    }
  }

  private int inside(
      Operation operation, long position, long length, MemorySegment buffer, long offset) {
    long end = position + length;
    int result = 0;
    for (long at = position; at < end && result == 0; ) {
      int part = partLength(at, end);
      long bufferAt = offset + (at - position);
      result =
          part == PAGE_BYTES
              ? page(operation, at / PAGE_BYTES, buffer, bufferAt)
              : part(operation, at, part, buffer, bufferAt);
      at += part;
    }
    return counted(
        operation == Operation.READ ? Counter.FAILED_READS : Counter.FAILED_WRITES, result);
  }

  private int page(Operation operation, long page, MemorySegment buffer, long offset) {
    return switch (operation) {
      case READ -> reader.read(page, buffer, offset);
      case WRITE -> writer.write(page, 0, buffer, offset, PAGE_BYTES);
      case ZERO -> writer.fillWithZeros(page);
      case UNMAP -> writer.drop(page);
    };
  }

  private int part(Operation operation, long at, int length, MemorySegment buffer, long offset) {
    long page = at / PAGE_BYTES;
    int inPage = (int) (at % PAGE_BYTES);
    return switch (operation) {
      case READ -> reader.readPart(page, inPage, buffer, offset, length);
      case WRITE -> writer.write(page, inPage, buffer, offset, length);
      case ZERO, UNMAP -> writer.write(page, inPage, ZEROS, 0, length);
    };
  }

  private int counted(Counter failure, int result) {
    if (result < 0) {
      counters.add(failure, 1);
    }
    return result;
  }

  /** Nothing to do: what is acknowledged is in the store file, and that is all RAM can promise. */
  @Override
  public int flush() {
    return 0;
  }

  @Override
  public long status(long position, long length) {
    if (!entrance.enter()) {
      return -Errno.ESHUTDOWN;
    }
    try {
      if (isOutside(position, length)) {
        return -Errno.EINVAL;
      }
      return statusInside(position, length);
    } finally {
      entrance.leave();
    }
  }

  private long statusInside(long position, long length) {
    long end = position + length;
    int flags = flags(position / PAGE_BYTES);
    long at = position;
    do {
      at += partLength(at, end);
    } while (at < end && flags(at / PAGE_BYTES) == flags);
    return BlockStatus.of(at - position, flags);
  }

  /** A damaged entry counts as data: whoever reads it then hears of the damage. */
  private int flags(long page) {
    long entry = table.get(page);
    if (!PageEntry.isValid(page, entry)) {
      return 0;
    }
    if (PageEntry.kind(entry) == PageEntry.ABSENT) {
      return BlockStatus.HOLE | BlockStatus.ZERO;
    }
    boolean zeros = PageEntry.kind(entry) == PageEntry.FILL && PageEntry.fillWord(entry) == 0;
    return zeros ? BlockStatus.ZERO : 0;
  }

  /** To be relied on inside the gate only: a store gets smaller while nobody is there. */
  private boolean isOutside(long position, long length) {
    if (isInside(position, length)) {
      return false;
    }
    counters.add(Counter.INVALID_IO, 1);
    return true;
  }

  private boolean isInside(long position, long length) {
    return file.extent().geometry.contains(position, length);
  }

  /** How much of the page at {@code at} lies before {@code end}. */
  private static int partLength(long at, long end) {
    return (int) Math.min(PAGE_BYTES - at % PAGE_BYTES, end - at);
  }

  @Override
  public void close() {
    access.close();
    entrance.close();
  }
}
