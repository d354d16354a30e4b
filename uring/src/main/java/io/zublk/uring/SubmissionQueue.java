package io.zublk.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/** The entries that the next {@link Ring#submitAndWait} hands to the kernel. */
public final class SubmissionQueue {

  /** What {@link #next} answers when every entry waits for submission. */
  public static final long FULL = -1;

  // IORING_SQ_CQ_OVERFLOW and IORING_SQ_TASKRUN.
  private static final int FLAG_OVERFLOW = 1 << 1;
  private static final int FLAG_TASKRUN = 1 << 2;

  private static final VarHandle INT = JAVA_INT.varHandle();

  private final MemorySegment ring;
  private final MemorySegment entries;
  private final long headOffset;
  private final long tailOffset;
  private final long flagsOffset;
  private final int capacity;
  private final int entryBytes;
  private int tail;

  SubmissionQueue(
      MemorySegment ring,
      MemorySegment entries,
      long headOffset,
      long tailOffset,
      long flagsOffset,
      int capacity,
      int entryBytes) {
    this.ring = ring;
    this.entries = entries;
    this.headOffset = headOffset;
    this.tailOffset = tailOffset;
    this.flagsOffset = flagsOffset;
    this.capacity = capacity;
    this.entryBytes = entryBytes;
    this.tail = ring.get(JAVA_INT, tailOffset);
  }

  /** The memory of all entries, for {@link Sqe}. */
  public MemorySegment memory() {
    return entries;
  }

  /** How many entries there are. */
  public int capacity() {
    return capacity;
  }

  /**
   * Takes the next entry, which then must be written.
   *
   * @return its offset in {@link #memory}, or {@link #FULL}
   */
  public long next() {
    if (pending() == capacity) {
      return FULL;
    }
    long at = (long) (tail & capacity - 1) * entryBytes;
    tail++;
    return at;
  }

  /**
   * Takes back all entries that the kernel has not consumed. Only while it is not entered: a ring
   * has no thread in the kernel that could be reading them.
   */
  public void retract() {
    tail -= pending();
    publish();
  }

  /** How many entries were taken and not yet consumed by the kernel. */
  public int pending() {
    return tail - (int) INT.getAcquire(ring, headOffset);
  }

  /** Makes the taken entries visible to the kernel. */
  void publish() {
    INT.setRelease(ring, tailOffset, tail);
  }

  /** Whether the kernel has completions that it makes ready when it is entered. */
  boolean workPending() {
    return ((int) INT.getAcquire(ring, flagsOffset) & (FLAG_OVERFLOW | FLAG_TASKRUN)) != 0;
  }
}
