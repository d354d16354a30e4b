package io.zublk.codec;

import java.lang.foreign.MemorySegment;

/**
 * Compresses and decompresses pages for one thread. Not thread-safe: its contexts are reused from
 * call to call, so that a call allocates nothing. Any codec of an {@link Algorithm} reads what any
 * other codec of that algorithm wrote, whatever its level.
 *
 * <p>Segments must be native and stay open during the call. A heap segment is an {@link
 * IllegalArgumentException}, a range outside its segment an {@link IndexOutOfBoundsException}, a
 * call after {@link #close} an {@link IllegalStateException}.
 */
public interface PageCodec extends AutoCloseable {

  /** The unit of compression, in bytes. */
  int PAGE_BYTES = 4096;

  /**
   * Compresses the page at {@code source + sourceOffset} to {@code target + targetOffset}.
   *
   * @param limit the most bytes it may write, at least 1; also the bytes of the target that may be
   *     overwritten, whatever is returned
   * @return the bytes written, 1 to {@code limit}, or 0 if the page does not fit in {@code limit}
   */
  int compress(
      MemorySegment source, long sourceOffset, MemorySegment target, long targetOffset, int limit);

  /**
   * Decompresses {@code length} bytes at {@code source + sourceOffset} to exactly one page at
   * {@code target + targetOffset}. Safe for any input: it reads only those bytes, and writes only
   * that page.
   *
   * @return false if the input is not exactly one page; the target page is then undefined
   */
  boolean decompress(
      MemorySegment source, long sourceOffset, int length, MemorySegment target, long targetOffset);

  /** Frees the contexts; a second call does nothing. */
  @Override
  void close();
}
