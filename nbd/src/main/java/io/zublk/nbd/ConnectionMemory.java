package io.zublk.nbd;

import io.zublk.block.Geometry;
import java.nio.ByteBuffer;

/**
 * All the direct memory of one connection. A server keeps it for the next connection, so that
 * clients who come and go cost nothing and the total is bounded.
 */
final class ConnectionMemory {

  /** One to receive into, three that workers may still be busy with. */
  static final int MAX_SLABS = 4;

  /** What aligning a piece of direct memory to pages costs, in bytes. */
  private static final int ALIGNING_BYTES = Geometry.PAGE_BYTES;

  /** What the replies of one thread take, in bytes. */
  static final int REPLIES_BYTES = ReplyBuffer.CAPACITY_BYTES + ALIGNING_BYTES;

  /** The most direct memory that one connection ever holds, in bytes. */
  static final int MAX_BYTES = MAX_SLABS * (Slab.CAPACITY_BYTES + ALIGNING_BYTES) + REPLIES_BYTES;

  private final Slab[] slabs = new Slab[MAX_SLABS];
  private final ReplyBuffer replies = new ReplyBuffer();

  ConnectionMemory() {
    slabs[0] = new Slab();
  }

  ReplyBuffer replies() {
    return replies;
  }

  /** A slab that nobody uses, or null when all but {@code current} are pinned. */
  Slab spare(Slab current) {
    for (int i = 0; i < MAX_SLABS; i++) {
      if (slabs[i] == null) {
        slabs[i] = new Slab();
      }
      if (slabs[i] != current && !slabs[i].pinned()) {
        return slabs[i];
      }
    }
    return null;
  }

  /** Page-aligned direct memory, touched first by the thread that uses it. */
  static ByteBuffer allocate(int bytes) {
    return ByteBuffer.allocateDirect(bytes + ALIGNING_BYTES)
        .alignedSlice(Geometry.PAGE_BYTES)
        .slice(0, bytes);
  }
}
