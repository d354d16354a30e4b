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
   * Two requests of nbdcopy's size (256 KiB), and twice what a unix socket of default size holds,
   * in bytes.
   */
  static final int CAPACITY_BYTES = 512 << 10;

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
