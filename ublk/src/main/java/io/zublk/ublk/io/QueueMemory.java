package io.zublk.ublk.io;

import io.zublk.ublk.UblkDeviceInfo;
import io.zublk.ublk.UblkOptions;
import io.zublk.ublk.abi.UblkAbi;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import io.zublk.uring.sys.Numa;
import java.lang.foreign.MemorySegment;

/**
 * What the threads of a hardware queue share: the driver's descriptors, and a buffer for each tag.
 *
 * <p>A tag is served by one thread at a time, so nothing here is locked. Must outlive the rings of
 * all these threads, as the driver copies into the buffers until they are closed.
 */
final class QueueMemory implements AutoCloseable {

  /**
   * What a buffer keeps of what a large request has touched. Most requests are no larger, so that
   * most buffers are never given back and faulted in again.
   */
  static final int KEPT_BYTES = 64 << 10;

  private final int maxIoBytes;
  private final MemorySegment descriptors;
  private final MemorySegment buffers;

  /** How much of each buffer has become memory. */
  private final int[] touched;

  /**
   * Maps both; the buffers become memory when they are used.
   *
   * @param numaNode where that memory comes from, or {@link UblkOptions#ANY_NODE}
   */
  static QueueMemory map(UblkDeviceInfo info, int queue, LinuxFile charDevice, int numaNode)
      throws LinuxException {
    MemorySegment buffers = Memory.mapAnonymous((long) info.depth() * info.maxIoBytes());
    try {
      if (numaNode != UblkOptions.ANY_NODE) {
        Numa.bind(buffers, numaNode);
      }
      return new QueueMemory(info, mapDescriptors(info, queue, charDevice), buffers);
    } catch (LinuxException e) {
      Memory.unmap(buffers);
      throw e;
    }
  }

  private static MemorySegment mapDescriptors(UblkDeviceInfo info, int queue, LinuxFile charDevice)
      throws LinuxException {
    return Memory.map(
        UblkAbi.descriptorsLength(info.depth(), Memory.pageBytes()),
        Memory.PROT_READ,
        Memory.MAP_SHARED | Memory.MAP_POPULATE,
        charDevice.fd(),
        UblkAbi.descriptorsOffset(queue, Memory.pageBytes()));
  }

  QueueMemory(UblkDeviceInfo info, MemorySegment descriptors, MemorySegment buffers) {
    this.maxIoBytes = info.maxIoBytes();
    this.descriptors = descriptors;
    this.buffers = buffers;
    this.touched = new int[info.depth()];
  }

  /** The requests, each a {@code struct ublksrv_io_desc} at its tag's place. */
  MemorySegment descriptors() {
    return descriptors;
  }

  /** The buffers, side by side. */
  MemorySegment buffers() {
    return buffers;
  }

  /** Where in {@link #buffers} a tag's buffer starts. */
  long offset(int tag) {
    assert tag >= 0 && tag < touched.length;
    return (long) tag * maxIoBytes;
  }

  /** Where in the address space a tag's buffer starts. */
  long address(int tag) {
    return buffers.address() + offset(tag);
  }

  /**
   * Remembers how much of a buffer a request uses.
   *
   * @return whether it is more than a buffer keeps
   */
  boolean touch(int tag, int length) {
    assert length >= 0 && length <= maxIoBytes;
    if (length > touched[tag]) {
      touched[tag] = length;
    }
    return length > KEPT_BYTES;
  }

  /** Gives what large requests have touched back to the kernel; no tag may be in use. */
  void giveBack(TagRange tags) {
    for (int tag = tags.first(); tag < tags.depth(); tag += tags.step()) {
      if (touched[tag] > KEPT_BYTES) {
        int length = touched[tag] - KEPT_BYTES;
        Memory.advise(buffers, offset(tag) + KEPT_BYTES, length, Memory.MADV_DONTNEED);
        touched[tag] = KEPT_BYTES;
      }
    }
  }

  /** How many bytes the buffers hold, about: any thread may ask while others serve. */
  long heldBytes() {
    long bytes = 0;
    for (int length : touched) {
      bytes += length;
    }
    return bytes;
  }

  @Override
  public void close() {
    Memory.unmap(descriptors);
    Memory.unmap(buffers);
  }
}
