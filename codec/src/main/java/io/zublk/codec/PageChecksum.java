package io.zublk.codec;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** A 32-bit checksum of the stored bytes of a page. Finds accidents, not attacks. */
public final class PageChecksum {

  private static final long K0 = 0x9E3779B97F4A7C15L;
  private static final long K1 = 0xD6E8FEB86659FD93L;
  private static final int STRIPE = 4 * Long.BYTES;

  private PageChecksum() {}

  /**
   * The checksum of {@code length} bytes at {@code offset}.
   *
   * @param seed tells equal bytes of different owners apart: the page number
   */
  public static int of(MemorySegment segment, long offset, int length, long seed) {
    long a = seed * K0 + length;
    long b = a ^ K1;
    long c = ~a;
    long d = ~b;
    int i = 0;
    for (; i <= length - STRIPE; i += STRIPE) {
      a = step(a, segment.get(JAVA_LONG_UNALIGNED, offset + i));
      b = step(b, segment.get(JAVA_LONG_UNALIGNED, offset + i + 8));
      c = step(c, segment.get(JAVA_LONG_UNALIGNED, offset + i + 16));
      d = step(d, segment.get(JAVA_LONG_UNALIGNED, offset + i + 24));
    }
    for (; i <= length - Long.BYTES; i += Long.BYTES) {
      a = step(a, segment.get(JAVA_LONG_UNALIGNED, offset + i));
    }
    long tail = 0;
    for (; i < length; i++) {
      tail = (tail << 8) | (segment.get(JAVA_BYTE, offset + i) & 0xFF);
    }
    long hash = step(step(step(step(a, tail), b), c), d);
    hash ^= hash >>> 32;
    hash *= K1;
    return (int) (hash >>> 32);
  }

  private static long step(long hash, long word) {
    return Long.rotateLeft(hash ^ word, 29) * K0;
  }
}
