package io.zublk.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Buffers of one size that the kernel takes as it needs them, for submissions that complete again
 * and again (5.19). A completion {@linkplain CompletionQueue#buffer names} the buffer it filled;
 * once read, {@link #recycle} gives the buffer back. Without any left, a submission ends with
 * ENOBUFS and must be made anew.
 *
 * <p>Used by the thread of its {@link Ring}, and to be closed after it. After {@link #open} nothing
 * allocates.
 */
public final class BufferRing implements AutoCloseable {

  private static final int REGISTER_PBUF_RING = 22;
  private static final int MAX_BUFFERS = 32768;

  // struct io_uring_buf_reg: ring_addr@0:8 ring_entries@8:4 bgid@12:2 flags@14:2 resv@16:24.
  private static final int REGISTRATION_BYTES = 40;

  // struct io_uring_buf: addr@0:8 len@8:4 bid@12:2; the ring's tail takes the first one's rest.
  private static final int ENTRY_BYTES = 16;
  private static final int TAIL_OFFSET = 14;

  private static final VarHandle SHORT = JAVA_SHORT.varHandle();

  private final MemorySegment entries;
  private final MemorySegment buffers;
  private final int count;
  private final int bufferBytes;
  private short tail;

  /**
   * Makes the buffers and tells the kernel of them.
   *
   * @param group the number by which submissions name them, 0 to 65535
   * @param count how many buffers, a power of two up to 32768
   */
  public static BufferRing open(Ring ring, int group, int count, int bufferBytes)
      throws LinuxException {
    if (Integer.bitCount(count) != 1 || count > MAX_BUFFERS) {
      throw new IllegalArgumentException(
          count + " buffers are not a power of two up to " + MAX_BUFFERS);
    }
    BufferRing opened = new BufferRing(count, bufferBytes);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment registration = arena.allocate(REGISTRATION_BYTES, Long.BYTES);
      registration.set(JAVA_LONG, 0, opened.entries.address());
      registration.set(JAVA_INT, 8, count);
      registration.set(JAVA_SHORT, 12, (short) group);
      ring.register("io_uring_register(PBUF_RING)", REGISTER_PBUF_RING, registration, 1);
    } catch (LinuxException e) {
      opened.close();
      throw e;
    }
    for (int number = 0; number < count; number++) {
      opened.recycle(number);
    }
    return opened;
  }

  private BufferRing(int count, int bufferBytes) throws LinuxException {
    this.count = count;
    this.bufferBytes = bufferBytes;
    this.entries = Memory.mapAnonymous((long) count * ENTRY_BYTES);
    try {
      this.buffers = Memory.mapAnonymous((long) count * bufferBytes);
    } catch (LinuxException e) {
      Memory.unmap(entries);
      throw e;
    }
  }

  /** The memory of all buffers. */
  public MemorySegment memory() {
    return buffers;
  }

  /** Where in {@link #memory} a buffer starts. */
  public long offset(int buffer) {
    return (long) buffer * bufferBytes;
  }

  /** Gives a buffer back to the kernel, which may fill it at once. */
  public void recycle(int buffer) {
    long entry = (long) (tail & count - 1) * ENTRY_BYTES;
    entries.set(JAVA_LONG, entry, buffers.address() + offset(buffer));
    entries.set(JAVA_INT, entry + 8, bufferBytes);
    entries.set(JAVA_SHORT, entry + 12, (short) buffer);
    tail++;
    SHORT.setRelease(entries, TAIL_OFFSET, tail);
  }

  /** Frees the buffers; the ring must have been closed before. */
  @Override
  public void close() {
    Memory.unmap(entries);
    Memory.unmap(buffers);
  }
}
