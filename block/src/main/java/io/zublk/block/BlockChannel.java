package io.zublk.block;

import java.lang.foreign.MemorySegment;

/**
 * One thread's access to a {@link BlockDevice}, with whatever context that thread needs.
 *
 * <p>Not thread-safe: at most one thread uses a channel at a time. Different channels of a device
 * may be used at the same time, also on the same bytes; each page (4096 bytes, aligned) is then
 * read and written atomically, larger ranges are not.
 *
 * <p>Every operation returns 0 or a negative errno ({@link Errno}), as a block driver does, because
 * an exception on the I/O path would allocate. A range outside the device is {@link Errno#EINVAL}.
 * When an operation fails part-way, the pages before the failure may have been changed. Of a
 * channel that was opened with {@link LateAnswers} an operation, but not {@link #status}, may also
 * return {@link #LATE}.
 *
 * <p>Positions and lengths are bytes. No alignment is required, but only whole aligned pages are
 * fast. Operations allocate no Java object.
 */
public interface BlockChannel extends AutoCloseable {

  /** The result is not known yet: it comes by {@link LateAnswers#answer}. */
  int LATE = 1;

  /** Reads {@code length} bytes at {@code position} into {@code buffer} from {@code offset} on. */
  int read(long position, MemorySegment buffer, long offset, int length);

  /** Writes {@code length} bytes of {@code buffer}, from {@code offset} on, at {@code position}. */
  int write(long position, MemorySegment buffer, long offset, int length);

  /**
   * Lets the device forget whole pages inside the range; they read as zeros afterwards. Pages only
   * partly inside the range keep their contents: a discard is a hint.
   */
  int discard(long position, long length);

  /**
   * Makes the range read as zeros, to the byte.
   *
   * @param mayUnmap whether the pages may become holes; otherwise they stay allocated
   */
  int writeZeroes(long position, long length, boolean mayUnmap);

  /** Makes acknowledged writes as durable as this device can. */
  int flush();

  /**
   * Tells how far the bytes from {@code position} on share one {@linkplain BlockStatus status}.
   *
   * @return a {@link BlockStatus} encoding of the run, at most {@code length} bytes long, or a
   *     negative errno
   */
  long status(long position, long length);

  /** Releases the channel's context. The device stays open. No operation may still be late. */
  @Override
  void close();
}
