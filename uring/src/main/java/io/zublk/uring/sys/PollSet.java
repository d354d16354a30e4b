package io.zublk.uring.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Some files, and how to wait until one of them can be read, by ppoll(2). A call allocates nothing.
 * For one thread at a time.
 */
public final class PollSet {

  /** {@link #await}: without an end. */
  public static final int FOR_EVER = -1;

  private static final short POLLIN = 1;

  // struct pollfd, and where in it are the events that happened.
  private static final int ENTRY_BYTES = 8;
  private static final int EVENTS_OFFSET = 4;
  private static final int RESULT_OFFSET = 6;

  private static final int SIGNAL_SET_BYTES = 8;

  private final int count;
  private final MemorySegment entries;
  private final MemorySegment timeout;

  /** Waits for some descriptors, which stay the caller's. */
  public PollSet(int... fds) {
    count = fds.length;
    Arena arena = Arena.ofAuto();
    entries = arena.allocate((long) count * ENTRY_BYTES, Long.BYTES);
    timeout = arena.allocate(JAVA_LONG, 2); // struct timespec
    for (int i = 0; i < count; i++) {
      entries.set(JAVA_INT, (long) i * ENTRY_BYTES, fds[i]);
      entries.set(JAVA_SHORT, (long) i * ENTRY_BYTES + EVENTS_OFFSET, POLLIN);
    }
  }

  /**
   * Waits until at least one can be read, has come to its end or is broken.
   *
   * @param millis how long, or {@link #FOR_EVER}
   * @return how many are; 0 after so long; or a negative errno
   */
  public int await(int millis) {
    long limit = 0;
    if (millis >= 0) {
      timeout.setAtIndex(JAVA_LONG, 0, millis / 1000);
      timeout.setAtIndex(JAVA_LONG, 1, millis % 1000 * 1_000_000L);
      limit = timeout.address();
    }
    return (int)
        Syscall.call(Syscall.PPOLL, entries.address(), count, limit, 0, SIGNAL_SET_BYTES, 0);
  }

  /** Whether one of them was ready when {@link #await} returned. */
  public boolean isReady(int index) {
    return entries.get(JAVA_SHORT, (long) index * ENTRY_BYTES + RESULT_OFFSET) != 0;
  }
}
