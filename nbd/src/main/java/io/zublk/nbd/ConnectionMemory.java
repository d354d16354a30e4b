package io.zublk.nbd;

import io.zublk.block.Threads;
import java.util.function.BooleanSupplier;

/**
 * All the direct memory of one connection. A server keeps it for the next connection, so that
 * clients who come and go cost nothing and the total is bounded.
 *
 * <p>The connection's thread takes buffers; it, workers and the thread that answers late release
 * them.
 */
final class ConnectionMemory {

  /** One to receive into, one to reply from, three that workers or the device may be busy with. */
  static final int MAX_BUFFERS = 5;

  /** The most direct memory that one connection ever holds, in bytes. */
  static final int MAX_BYTES = MAX_BUFFERS * TransferBuffer.DIRECT_BYTES + LateReplier.DIRECT_BYTES;

  private final TransferBuffer[] buffers = new TransferBuffer[MAX_BUFFERS];

  /** Made once: a request that waits allocates nothing, whatever the JIT makes of it. */
  private final BooleanSupplier hasUnused = this::hasUnused;

  ConnectionMemory() {
    buffers[0] = new TransferBuffer();
    buffers[1] = new TransferBuffer();
  }

  /** Whether {@link #take} would not have to wait. */
  boolean hasUnused() {
    return unused() != null;
  }

  /** Takes a buffer that nobody uses; waits for one if need be. */
  TransferBuffer take() {
    TransferBuffer buffer = unused();
    if (buffer == null) {
      buffer = awaitUnused();
    }
    buffer.addUser();
    return buffer;
  }

  private TransferBuffer unused() {
    for (int i = 0; i < MAX_BUFFERS; i++) {
      if (buffers[i] == null) {
        buffers[i] = new TransferBuffer();
      }
      if (buffers[i].isUnused()) {
        return buffers[i];
      }
    }
    return null;
  }

  private synchronized TransferBuffer awaitUnused() {
    Threads.await(this, hasUnused);
    return unused(); // only this thread takes them
  }

  /** Ends a use of a buffer. From any thread. */
  void release(TransferBuffer buffer) {
    if (buffer.removeUser()) {
      synchronized (this) {
        notifyAll();
      }
    }
  }
}
