package io.zublk.vhost.ring;

import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import io.zublk.vhost.memory.MappedRegion;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Shared memory in which the device notes what it has taken from each ring and not given back, and
 * which the client keeps when the device's process dies (vhost-user, "Inflight I/O tracking").
 */
public final class InflightArea {

  /** Parts of it begin at multiples of this, as in QEMU's libvhost-user. */
  private static final long ALIGNMENT = 64;

  private final MemorySegment memory;
  private final int queues;
  private final int queueSize;

  private InflightArea(MemorySegment memory, int queues, int queueSize) {
    this.memory = memory;
    this.queues = queues;
    this.queueSize = queueSize;
  }

  /** How many bytes it takes for so many queues of so many entries. */
  public static long bytes(int queues, int queueSize) {
    return queues * queueBytes(queueSize);
  }

  private static long queueBytes(int queueSize) {
    return InflightQueue.bytes(queueSize) + ALIGNMENT - 1 & -ALIGNMENT;
  }

  /**
   * Maps one.
   *
   * @param offset where it begins in its file, a multiple of the page size
   * @throws IOException if the file is too short or no memory, or it cannot be mapped
   */
  public static InflightArea map(LinuxFile file, long offset, int queues, int queueSize)
      throws IOException {
    MappedRegion.requireMemory(file);
    long bytes = bytes(queues, queueSize);
    if (offset < 0 || offset % Memory.pageBytes() != 0 || file.size() - offset < bytes) {
      throw new IOException(
          "an inflight area of %d bytes at %d of %s".formatted(bytes, offset, file.size()));
    }
    return new InflightArea(Memory.mapShared(file, offset, bytes), queues, queueSize);
  }

  /** The part of a queue; null if the area has none for such a ring. */
  public InflightQueue queue(int index, SplitRing ring) {
    if (index >= queues || ring.size() > queueSize) {
      return null;
    }
    long bytes = queueBytes(queueSize);
    return new InflightQueue(memory.asSlice(index * bytes, bytes), ring);
  }

  /** Ends the mapping, which nobody may use any more. */
  public void unmap() {
    Memory.unmap(memory);
  }
}
