package io.zublk.uring;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Says one thing, once, to threads that sleep in their rings: {@link Sqe#pollIn} on its descriptor
 * completes when it is raised, or at once if it has been.
 *
 * <p>Thread-safe, except that {@link #close} must be last.
 */
public final class Signal implements AutoCloseable {

  private final LinuxFile event;

  private Signal(LinuxFile event) {
    this.event = event;
  }

  /** Makes a signal that is not raised. */
  public static Signal open() throws LinuxException {
    return new Signal(LinuxFile.event());
  }

  /** The descriptor to poll. */
  public int fd() {
    return event.fd();
  }

  /** Raises the signal; it stays raised. */
  public void raise() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment one = arena.allocate(JAVA_LONG);
      one.set(JAVA_LONG, 0, 1);
      // Refused only when the count is full, 2^64 - 2: raised it is then, too.
      event.append(one, 0, Long.BYTES);
    }
  }

  @Override
  public void close() {
    event.close();
  }
}
