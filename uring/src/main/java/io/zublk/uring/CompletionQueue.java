package io.zublk.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * What the kernel has finished. The entries from 0 to {@link #ready} - 1 may be read until {@link
 * #advance} gives them back.
 */
public final class CompletionQueue {

  // struct io_uring_cqe: user_data@0:8 res@8:4 flags@12:4.
  private static final int ENTRY_BYTES = 16;

  // IORING_CQE_F_BUFFER, IORING_CQE_F_MORE, IORING_CQE_BUFFER_SHIFT.
  private static final int FLAG_BUFFER = 1;
  private static final int FLAG_MORE = 1 << 1;
  private static final int BUFFER_SHIFT = 16;

  /** What {@link #buffer} answers for a completion without one. */
  public static final int NO_BUFFER = -1;

  private static final VarHandle INT = JAVA_INT.varHandle();

  private final MemorySegment ring;
  private final long headOffset;
  private final long tailOffset;
  private final long entriesOffset;
  private final int capacity;
  private int head;

  CompletionQueue(
      MemorySegment ring, long headOffset, long tailOffset, long entriesOffset, int capacity) {
    this.ring = ring;
    this.headOffset = headOffset;
    this.tailOffset = tailOffset;
    this.entriesOffset = entriesOffset;
    this.capacity = capacity;
    this.head = ring.get(JAVA_INT, headOffset);
  }

  /** How many entries there are; the kernel keeps further completions until there is room. */
  public int capacity() {
    return capacity;
  }

  /** How many completions can be read now. */
  public int ready() {
    return (int) INT.getAcquire(ring, tailOffset) - head;
  }

  /** The value that the completion's submission carried. */
  public long userData(int index) {
    return ring.get(JAVA_LONG, entry(index));
  }

  /** The completion's result, or a negative errno. */
  public int result(int index) {
    return ring.get(JAVA_INT, entry(index) + 8);
  }

  /** The completion's {@code IORING_CQE_F_} flags. */
  public int flags(int index) {
    return ring.get(JAVA_INT, entry(index) + 12);
  }

  /** Whether the submission will complete again. */
  public boolean more(int index) {
    return (flags(index) & FLAG_MORE) != 0;
  }

  /** The number of the {@link BufferRing}'s buffer that was filled, or {@link #NO_BUFFER}. */
  public int buffer(int index) {
    int flags = flags(index);
    return (flags & FLAG_BUFFER) != 0 ? flags >>> BUFFER_SHIFT : NO_BUFFER;
  }

  /** Gives the oldest {@code count} completions back to the kernel. */
  public void advance(int count) {
    head += count;
    INT.setRelease(ring, headOffset, head);
  }

  private long entry(int index) {
    return entriesOffset + (long) (head + index & capacity - 1) * ENTRY_BYTES;
  }
}
