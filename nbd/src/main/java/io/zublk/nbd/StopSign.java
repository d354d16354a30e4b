package io.zublk.nbd;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import java.lang.foreign.Arena;

/**
 * Tells threads once that the server wants them to stop. Those that serve look at it before each
 * request; those that wait for somebody who says nothing have its {@link #bell} in what they poll.
 */
final class StopSign implements AutoCloseable {

  private final LinuxFile bell;
  private volatile boolean raised;

  StopSign() throws LinuxException {
    bell = LinuxFile.event();
  }

  boolean isRaised() {
    return raised;
  }

  /** A descriptor that can be read as soon as the sign is raised. */
  int bell() {
    return bell.fd();
  }

  /** From any thread, any number of times. */
  void raise() {
    raised = true;
    try (Arena arena = Arena.ofConfined()) {
      long _ = bell.append(arena.allocateFrom(JAVA_LONG, 1), 0, Long.BYTES);
    }
  }

  /** When nobody polls its bell any more. */
  @Override
  public void close() {
    bell.close();
  }
}
