package io.zublk.vhost.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.zublk.vhost.TestGuest;
import io.zublk.vhost.TestRing;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * What a chain does to memory and disk, by the plainest reading of the specification: lists of
 * single bytes, and no speed.
 */
final class ExpectedChain {

  private static final int MEMORY_BYTES = GuestFuzzTest.MEMORY_BYTES;
  private static final int DISK_BYTES = GuestFuzzTest.DISK_BYTES;
  private static final int RING = GuestFuzzTest.RING;
  private static final int MOST_DESCRIPTORS = 1024;

  private static final int OK = 0;
  private static final int IOERR = 1;
  private static final int UNSUPP = 2;

  private final TestRing ring;
  private final MemorySegment memory;
  private final MemorySegment disk;
  private int usedIndex;

  private record Segment(long address, long length, boolean writable) {}

  private final List<Segment> segments = new ArrayList<>();

  /** How many bytes the chain has got. */
  private long got;

  ExpectedChain(TestRing ring, MemorySegment memory, MemorySegment disk) {
    this.ring = ring;
    this.memory = memory;
    this.disk = disk;
  }

  /** The ring begins anew, where its used index is. */
  void restart() {
    usedIndex = memory.get(JAVA_SHORT_UNALIGNED, ring.usedAt() + 2) & 0xffff;
  }

  /** Does all that the chain does; returns false if it breaks the ring. */
  boolean perform(int head) {
    if (head >= RING || !walk(head)) {
      return false;
    }
    got = 0;
    int bytes = 0;
    if (isOrdered() && total(true) > 0) {
      int status = status();
      long last = lastWritable();
      if (last >= 0) {
        memory.set(JAVA_BYTE, last, (byte) status);
        bytes = (int) (status == OK ? got : 0) + 1;
      }
    }
    long entry = ring.usedAt() + 4 + 8L * (usedIndex % RING);
    memory.set(JAVA_INT_UNALIGNED, entry, head);
    memory.set(JAVA_INT_UNALIGNED, entry + 4, bytes);
    usedIndex = usedIndex + 1 & 0xffff;
    memory.set(JAVA_SHORT_UNALIGNED, ring.usedAt() + 2, (short) usedIndex);
    return true;
  }

  private boolean walk(int head) {
    segments.clear();
    long table = ring.descriptorsAt();
    long limit = RING;
    boolean inTable = false;
    long bytes = 0;
    int index = head;
    while (index < limit) {
      long at = table + 16L * index;
      long address = memory.get(JAVA_LONG_UNALIGNED, at);
      long length = memory.get(JAVA_INT_UNALIGNED, at + 8) & 0xffff_ffffL;
      int flags = memory.get(JAVA_SHORT_UNALIGNED, at + 12) & 0xffff;
      if ((flags & 4) != 0) {
        if (inTable
            || (flags & 1) != 0
            || length == 0
            || length % 16 != 0
            || length > 16L * MOST_DESCRIPTORS
            || !isInside(address, length)) {
          return false;
        }
        table = address - TestGuest.GUEST_BASE;
        limit = length / 16;
        inTable = true;
        index = 0;
        continue;
      }
      bytes += length;
      if (segments.size() == MOST_DESCRIPTORS || bytes > 1L << 32) {
        return false;
      }
      segments.add(new Segment(address, length, (flags & 2) != 0));
      if ((flags & 1) == 0) {
        return true;
      }
      index = memory.get(JAVA_SHORT_UNALIGNED, at + 14) & 0xffff;
    }
    return false;
  }

  private static boolean isInside(long address, long length) {
    long at = address - TestGuest.GUEST_BASE;
    return at >= 0 && at < MEMORY_BYTES && length <= MEMORY_BYTES - at;
  }

  private boolean isOrdered() {
    boolean writable = false;
    for (Segment segment : segments) {
      if (writable && !segment.writable) {
        return false;
      }
      writable = segment.writable;
    }
    return true;
  }

  private long total(boolean writable) {
    return segments.stream().filter(s -> s.writable == writable).mapToLong(Segment::length).sum();
  }

  /** Where the last byte is that the device may write; -1 if outside of memory. */
  private long lastWritable() {
    for (Segment segment : segments.reversed()) {
      if (segment.length > 0) {
        long last = segment.address + segment.length - 1;
        return isInside(last, 1) ? last - TestGuest.GUEST_BASE : -1;
      }
    }
    return -1;
  }

  /** The first bytes that the client wrote; null if there are fewer, or they are nowhere. */
  private MemorySegment readable(long count) {
    if (count > total(false)) {
      return null;
    }
    MemorySegment bytes = MemorySegment.ofArray(new byte[(int) count]);
    long done = 0;
    for (Segment segment : segments) {
      long part = Math.min(count - done, segment.length);
      if (segment.writable || part == 0) {
        continue;
      }
      if (!isInside(segment.address, part)) {
        return null;
      }
      MemorySegment.copy(memory, segment.address - TestGuest.GUEST_BASE, bytes, done, part);
      done += part;
    }
    return bytes;
  }

  /** Writes bytes for the client, as far as there is memory; returns whether all could be. */
  private boolean write(MemorySegment bytes) {
    long done = 0;
    for (Segment segment : segments) {
      long part = Math.min(bytes.byteSize() - done, segment.length);
      if (!segment.writable || part == 0) {
        continue;
      }
      long at = segment.address - TestGuest.GUEST_BASE;
      long there = at >= 0 && at < MEMORY_BYTES ? Math.min(part, MEMORY_BYTES - at) : 0;
      MemorySegment.copy(bytes, done, memory, there == 0 ? 0 : at, there);
      if (there < part) {
        return false;
      }
      done += part;
    }
    return true;
  }

  private int status() {
    MemorySegment header = readable(16);
    if (header == null) {
      return IOERR;
    }
    int type = header.get(JAVA_INT_UNALIGNED, 0) & Integer.MAX_VALUE;
    long sector = header.get(JAVA_LONG_UNALIGNED, 8);
    return switch (type) {
      case 0 -> in(sector, total(true) - 1);
      case 1 -> out(sector, total(false) - 16);
      case 4 -> OK;
      case 8 -> identify();
      case 11, 13 -> clear(type == 11);
      default -> UNSUPP;
    };
  }

  private static boolean isRange(long sector, long length) {
    return length % 512 == 0
        && sector >= 0
        && sector <= DISK_BYTES / 512
        && length <= DISK_BYTES - sector * 512;
  }

  private int in(long sector, long length) {
    if (!isRange(sector, length) || !write(disk.asSlice(sector * 512, length))) {
      return IOERR;
    }
    got = length;
    return OK;
  }

  private int out(long sector, long length) {
    if (!isRange(sector, length)) {
      return IOERR;
    }
    MemorySegment bytes = readable(16 + length);
    if (bytes == null) {
      return IOERR;
    }
    MemorySegment.copy(bytes, 16, disk, sector * 512, length);
    return OK;
  }

  private int identify() {
    byte[] serial = new byte[20];
    System.arraycopy(new byte[] {'z', 'u', 'b', 'l', 'k'}, 0, serial, 0, 5);
    long length = Math.min(20, total(true) - 1);
    if (!write(MemorySegment.ofArray(serial).asSlice(0, length))) {
      return IOERR;
    }
    got = length;
    return OK;
  }

  private int clear(boolean discard) {
    long length = total(false) - 16;
    if (length == 0 || length % 16 != 0 || length > 32 * 16) {
      return IOERR;
    }
    MemorySegment ranges = readable(16 + length);
    if (ranges == null) {
      return IOERR;
    }
    for (long at = 16; at < 16 + length; at += 16) {
      long sector = ranges.get(JAVA_LONG_UNALIGNED, at);
      long sectors = ranges.get(JAVA_INT_UNALIGNED, at + 8) & 0xffff_ffffL;
      int flags = ranges.get(JAVA_INT_UNALIGNED, at + 12);
      if ((flags & (discard ? -1 : ~1)) != 0) {
        return UNSUPP;
      }
      if (sectors > 1 << 21 || !isRange(sector, sectors * 512)) {
        return IOERR;
      }
      clear(sector * 512, sectors * 512, discard ? 4096 : 1);
    }
    return OK;
  }

  private void clear(long position, long length, long unit) {
    long first = position + unit - 1 & -unit;
    long end = position + length & -unit;
    if (end > first) {
      disk.asSlice(first, end - first).fill((byte) 0);
    }
  }
}
