package io.zublk.ublk.io;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.zublk.uring.Sqe;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Calls a queue thread out of its ring, where it waits for requests. However often it is rung, the
 * thread is called once; and once again if it is rung after that.
 */
final class Bell implements AutoCloseable {

  /** User data of the completion that calls; all others of a thread are smaller. */
  static final long RUNG = Long.MAX_VALUE;

  private final LinuxFile event;
  private final MemorySegment one = Arena.ofAuto().allocate(JAVA_LONG);

  /** Where the kernel puts how often it was rung. */
  private final MemorySegment count = Arena.ofAuto().allocate(JAVA_LONG);

  private boolean closed;

  private Bell(LinuxFile event) {
    this.event = event;
    this.one.set(JAVA_LONG, 0, 1);
  }

  static Bell open() throws LinuxException {
    return new Bell(LinuxFile.event());
  }

  /** Has the next ringing, or one that nobody has heard yet, complete in a ring. */
  void listen(QueueRing ring) throws LinuxException {
    long address = count.address();
    Sqe.read(ring.entries(), ring.next(), 0, event.fd(), 0, address, Long.BYTES, RUNG);
  }

  /** Makes sure that the completion is one of a ringing. */
  static void requireRung(int result) throws LinuxException {
    if (result != Long.BYTES) {
      throw QueueCommands.broken("a bell", result);
    }
  }

  /** Rings, for any thread; has no effect once it is closed. */
  synchronized void ring() {
    if (!closed) {
      // Refused only when the count is full, 2^64 - 2: the thread is called then, too.
      event.append(one, 0, Long.BYTES);
    }
  }

  /** Closes it, once no ring listens any more. Closing twice has no effect. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      event.close();
    }
  }
}
