package io.zublk.nbd;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A piece of memory that requests are received into and served from. While workers still use a part
 * of it, it is pinned and receives nothing new.
 */
final class Slab {

  /**
   * A WRITE of the size that nbdcopy sends (256 KiB) with its header, in bytes. 512 KiB and 1 MiB
   * were no faster when measured, and cost more memory for each connection.
   */
  static final int CAPACITY_BYTES = (256 << 10) + 4096;

  private final ByteBuffer bytes = ConnectionMemory.allocate(CAPACITY_BYTES);
  private final MemorySegment segment = MemorySegment.ofBuffer(bytes);
  private final AtomicInteger pins = new AtomicInteger();

  ByteBuffer bytes() {
    return bytes;
  }

  MemorySegment segment() {
    return segment;
  }

  void pin() {
    pins.incrementAndGet();
  }

  void unpin() {
    pins.decrementAndGet();
  }

  boolean pinned() {
    return pins.get() != 0;
  }
}
