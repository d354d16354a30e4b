package io.zublk.codec;

import java.lang.foreign.Arena;

/** What a codec keeps from page to page, until it is closed. As little thread-safe as the codec. */
final class CodecMemory {

  private final Arena arena = Arena.ofShared();
  private long address;

  /** Zeroed memory. */
  CodecMemory(long bytes, long alignment) {
    address = arena.allocate(bytes, alignment).address();
  }

  /**
   * Where it is.
   *
   * @throws IllegalStateException if it is closed
   */
  long address() {
    if (address == 0) {
      throw new IllegalStateException("the codec is closed");
    }
    return address;
  }

  /** Frees it; a second call does nothing. */
  void close() {
    if (address != 0) {
      address = 0;
      arena.close();
    }
  }
}
