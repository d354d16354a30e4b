package io.zublk.vhost.ring;

import io.zublk.vhost.memory.GuestFault;
import io.zublk.vhost.memory.GuestMemory;
import io.zublk.vhost.memory.GuestWords;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One request's memory: first some bytes that the client wrote, then some for the device to write,
 * wherever they lie. Each descriptor is read once, and only the copy is believed; tables of
 * indirect descriptors are copied as a whole before they are followed.
 *
 * <p>An instance serves one chain after the other, for one thread. Allocates nothing.
 */
public final class Chain {

  /** More than any client makes: QEMU's limit of descriptors in a chain. */
  static final int MAX_SEGMENTS = 1024;

  /** No chain is longer (virtio 1.2, 2.7.5.2). */
  private static final long MAX_BYTES = 1L << 32;

  private static final int NEXT = 1;
  private static final int WRITE = 2;
  private static final int INDIRECT = 4;

  private static final int ENTRY_BYTES = SplitRing.DESCRIPTOR_BYTES;

  private final MemorySegment table =
      Arena.ofAuto().allocate((long) MAX_SEGMENTS * ENTRY_BYTES, Long.BYTES);
  private final long[] addresses = new long[MAX_SEGMENTS];
  private final long[] lengths = new long[MAX_SEGMENTS];

  private GuestMemory memory = GuestMemory.NONE;
  private int segments;

  /** The index of the first segment that is the device's to write. */
  private int firstWritable;

  private boolean ordered;
  private long readableBytes;
  private long writableBytes;

  // How far bytes were taken and put: the segment, and where in it.
  private int reading;
  private long readingAt;
  private int writing;
  private long writingAt;

  /** An empty one. */
  public Chain() {}

  /**
   * Follows a chain from its first descriptor.
   *
   * @throws BrokenRingException if it leads nowhere, or never ends
   */
  public void load(SplitRing ring, GuestMemory inMemory, int head) throws BrokenRingException {
    memory = inMemory;
    segments = 0;
    firstWritable = -1;
    ordered = true;
    readableBytes = 0;
    writableBytes = 0;
    MemorySegment source = ring.descriptors();
    int limit = ring.size();
    int index = head;
    boolean indirect = false;
    while (true) {
      if (index >= limit) {
        throw new BrokenRingException("a chain leads to descriptor " + index + " of " + limit);
      }
      long address = GuestWords.u64(source, (long) index * ENTRY_BYTES);
      long rest = GuestWords.u64(source, (long) index * ENTRY_BYTES + Long.BYTES);
      long length = rest & 0xffff_ffffL;
      int flags = (int) (rest >>> 32) & 0xffff;
      if ((flags & INDIRECT) != 0) {
        requireTable(indirect, flags, length);
        copyTable(address, length);
        source = table;
        limit = (int) (length / ENTRY_BYTES);
        index = 0;
        indirect = true;
        continue;
      }
      add(address, length, (flags & WRITE) != 0);
      if ((flags & NEXT) == 0) {
        break;
      }
      index = (int) (rest >>> 48);
    }
    rewind();
  }

  private static void requireTable(boolean indirect, int flags, long length)
      throws BrokenRingException {
    if (indirect || (flags & NEXT) != 0) {
      throw new BrokenRingException("a table of descriptors is not the end of its chain");
    }
    if (length == 0 || length % ENTRY_BYTES != 0 || length > (long) MAX_SEGMENTS * ENTRY_BYTES) {
      throw new BrokenRingException("a table of descriptors has " + length + " bytes");
    }
  }

  private void copyTable(long address, long length) throws BrokenRingException {
    if (!memory.read(address, table, 0, length)) {
      throw new BrokenRingException("a table of descriptors is outside of the client's memory");
    }
    GuestFault.raise();
  }

  /** Whoever goes in circles comes to one of the two limits. */
  private void add(long address, long length, boolean writable) throws BrokenRingException {
    if (segments == MAX_SEGMENTS) {
      throw new BrokenRingException("a chain has more than " + MAX_SEGMENTS + " descriptors");
    }
    if (writable && firstWritable < 0) {
      firstWritable = segments;
    }
    ordered &= writable == (firstWritable >= 0);
    readableBytes += writable ? 0 : length;
    writableBytes += writable ? length : 0;
    if (readableBytes + writableBytes > MAX_BYTES) {
      throw new BrokenRingException("a chain has more than " + MAX_BYTES + " bytes");
    }
    addresses[segments] = address;
    lengths[segments] = length;
    segments++;
  }

  private void rewind() {
    if (firstWritable < 0) {
      firstWritable = segments;
    }
    reading = 0;
    readingAt = 0;
    writing = firstWritable;
    writingAt = 0;
  }

  /** Whether all that the client wrote comes before what the device may write, as it must. */
  public boolean isOrdered() {
    return ordered;
  }

  /** How many bytes the client wrote. */
  public long readableBytes() {
    return readableBytes;
  }

  /** How many bytes the device may write. */
  public long writableBytes() {
    return writableBytes;
  }

  /**
   * Takes the next bytes that the client wrote. {@link GuestFault#raise} must come before they are
   * used.
   *
   * @return false if there are not so many, or they are outside of the client's memory
   */
  public boolean read(MemorySegment to, long offset, long bytes) {
    long done = 0;
    while (done < bytes) {
      if (reading == firstWritable) {
        return false;
      }
      long part = Math.min(bytes - done, lengths[reading] - readingAt);
      if (!memory.read(addresses[reading] + readingAt, to, offset + done, part)) {
        return false;
      }
      done += part;
      readingAt += part;
      if (readingAt == lengths[reading]) {
        reading++;
        readingAt = 0;
      }
    }
    return true;
  }

  /** Puts the next bytes for the client; otherwise as {@link #read}. */
  public boolean write(MemorySegment from, long offset, long bytes) {
    long done = 0;
    while (done < bytes) {
      if (writing == segments) {
        return false;
      }
      long part = Math.min(bytes - done, lengths[writing] - writingAt);
      if (!memory.write(addresses[writing] + writingAt, from, offset + done, part)) {
        return false;
      }
      done += part;
      writingAt += part;
      if (writingAt == lengths[writing]) {
        writing++;
        writingAt = 0;
      }
    }
    return true;
  }

  /** Puts the very last byte that the device may write; false if that cannot be. */
  public boolean writeLast(byte value) {
    int last = segments - 1;
    while (last >= firstWritable && lengths[last] == 0) {
      last--;
    }
    return last >= firstWritable && memory.write(addresses[last] + lengths[last] - 1, value);
  }
}
