package io.zublk.codec;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** From a checked range of a segment to the address that C code takes. */
final class NativeMemory {

  private NativeMemory() {}

  /**
   * The address of {@code bytes} bytes at {@code offset}. Linker stubs would do the same checks for
   * a {@link MemorySegment} argument, but they also count users of its arena in an atomic, and a
   * slice per call would be an object.
   */
  static long address(MemorySegment segment, long offset, long bytes) {
    Objects.checkFromIndexSize(offset, bytes, segment.byteSize());
    if (!segment.isNative()) {
      throw new IllegalArgumentException("not native memory: " + segment);
    }
    return segment.address() + offset;
  }
}
