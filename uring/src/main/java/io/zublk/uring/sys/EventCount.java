package io.zublk.uring.sys;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A count of events in the kernel, by which one thread or process wakes another (eventfd2(2)). Safe
 * for use by several threads; {@link #close} must be last. {@link #add} and {@link #take} allocate
 * nothing.
 */
public final class EventCount implements AutoCloseable {

  /** The flag of preadv2 that says never to wait, and its position for files that have none. */
  private static final int RWF_NOWAIT = 8;

  private static final long NO_POSITION = -1;

  private final LinuxFile file;
  private final MemorySegment one = Arena.ofAuto().allocate(JAVA_LONG);
  private final MemorySegment taken = Arena.ofAuto().allocate(JAVA_LONG);
  private final MemorySegment part = Arena.ofAuto().allocate(JAVA_LONG, 2); // struct iovec

  private EventCount(LinuxFile file) {
    this.file = file;
    one.set(JAVA_LONG, 0, 1);
    part.setAtIndex(JAVA_LONG, 0, taken.address());
    part.setAtIndex(JAVA_LONG, 1, Long.BYTES);
  }

  /** A count that begins at 0. */
  public static EventCount open() throws LinuxException {
    return new EventCount(LinuxFile.event());
  }

  /**
   * Takes over a descriptor that another process has sent.
   *
   * @throws IOException if it is of anything else, which could make a thread wait for ever; it is
   *     closed then
   */
  public static EventCount adopt(int fd) throws IOException {
    LinuxFile file = LinuxFile.adopt("eventfd", fd);
    try {
      String kind = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
      if (!kind.equals("anon_inode:[eventfd]")) {
        throw new IOException("a descriptor that is to count events is " + kind);
      }
      return new EventCount(file);
    } catch (IOException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  /** Its descriptor, for {@link PollSet}: ready when it is not 0. */
  public int fd() {
    return file.fd();
  }

  /**
   * Adds 1. Waits if the count is full, 2^64 - 2, unless whoever made it did not want that; {@link
   * #take} ends such a wait.
   */
  public void add() {
    long _ = file.append(one, 0, Long.BYTES);
  }

  /** Sets it to 0, and never waits. */
  public void take() {
    Syscall.call(
        Syscall.PREADV2, file.fd(), part.address(), 1, NO_POSITION, NO_POSITION, RWF_NOWAIT);
  }

  @Override
  public void close() {
    file.close();
  }
}
