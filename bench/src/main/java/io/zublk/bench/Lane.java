package io.zublk.bench;

import java.lang.foreign.MemorySegment;

/**
 * One thread's way to read and write a target synchronously. Buffers are native and aligned to
 * pages, positions and lengths are multiples of 4096 bytes.
 */
interface Lane extends AutoCloseable {

  /** Reads; returns 0 or a negative errno. */
  int read(long position, MemorySegment buffer, long offset, int length);

  /** Writes; returns 0 or a negative errno. */
  int write(long position, MemorySegment buffer, long offset, int length);

  @Override
  void close();
}
