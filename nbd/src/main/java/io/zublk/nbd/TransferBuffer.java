package io.zublk.nbd;

import io.zublk.block.Geometry;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A piece of direct memory that requests are received into, or replies are made in. While somebody
 * else uses a part of it, a worker or the device, it is shared, and its bytes stay where they are.
 */
final class TransferBuffer {

  /**
   * A WRITE of the size that nbdcopy sends (256 KiB) with its header; or a full reply to a READ of
   * as much, with its headers and the small replies before it. Buffers of 512 KiB and 1 MiB were no
   * faster when measured, and cost more memory for each connection.
   */
  static final int CAPACITY_BYTES =
      ReplyBuffer.PAYLOAD_BYTES + ReplyBuffer.CHUNKS_BYTES + (4 << 10);

  /**
   * What a buffer takes of the direct memory that the JVM allows, in bytes: it begins at a page.
   */
  static final int DIRECT_BYTES = CAPACITY_BYTES + Geometry.PAGE_BYTES;

  static {
    assert CAPACITY_BYTES >= WorkerPool.HAND_OVER_BYTES + NbdProtocol.REQUEST_BYTES;
    assert CAPACITY_BYTES >= Handshake.MAX_MESSAGE_BYTES;
  }

  private final ByteBuffer bytes;
  private final MemorySegment segment;

  /** The connection's thread, which fills it, and everybody with whom that shares it. */
  private final AtomicInteger users = new AtomicInteger();

  TransferBuffer() {
    this(CAPACITY_BYTES);
  }

  TransferBuffer(int capacity) {
    bytes =
        ByteBuffer.allocateDirect(capacity + Geometry.PAGE_BYTES)
            .alignedSlice(Geometry.PAGE_BYTES)
            .slice(0, capacity);
    segment = MemorySegment.ofBuffer(bytes);
  }

  /** The memory, for access by offsets only: its position and limit are never changed. */
  ByteBuffer bytes() {
    return bytes;
  }

  /** The same memory. */
  MemorySegment segment() {
    return segment;
  }

  void addUser() {
    users.incrementAndGet();
  }

  /** Ends a use; says whether it was the last one. */
  boolean removeUser() {
    int left = users.decrementAndGet();
    assert left >= 0 : left;
    return left == 0;
  }

  boolean isUnused() {
    return users.get() == 0;
  }

  /** Whether others than the thread that fills it still use a part of it. */
  boolean isShared() {
    return users.get() > 1;
  }
}
