package io.zublk.codec;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * What an object of {@link Algorithm#LINE} looks like; {@code docs/formats/line.md} says it in
 * full. A page is 64 lines of 64 bytes. Each is predicted by 64 bytes before it, or by zeros, and
 * the object has the bytes that differ:
 *
 * <pre>
 *  literals    of each line, those of its bytes XOR the predicted ones that are not zero
 *  byte masks  of each differing 8-byte word, 8 bits: which of its bytes differ
 *  references  of each of the 64 lines, 1 byte: distance to what predicts it / 8, or 0 for zeros
 *  word masks  of each of the 64 lines, 8 bits: which of its 8 words differ
 * </pre>
 *
 * <p>No part has a header: the word masks say how many byte masks there are, and literals are what
 * is left. What varies in length comes first, so that whoever reads 64 bytes where a line's
 * literals begin, or 8 where its byte masks do, reads nothing but the object.
 */
final class LineFormat {

  static final int LINE_BYTES = 64;
  static final int LINES = PageCodec.PAGE_BYTES / LINE_BYTES;
  static final int WORDS = PageCodec.PAGE_BYTES / Long.BYTES;

  /** The references, and as many word masks. */
  static final int FIXED_BYTES = 2 * LINES;

  /** What a distance is a multiple of: values in memory are aligned. */
  static final int DISTANCE_UNIT = 8;

  /** Nearer bytes would lie in the line itself. */
  static final int MIN_DISTANCE = LINE_BYTES;

  static final int MAX_DISTANCE = 255 * DISTANCE_UNIT;

  /** Every byte of every line differs. */
  static final int MAX_OBJECT_BYTES = PageCodec.PAGE_BYTES + WORDS + FIXED_BYTES;

  /** The lowest bit of each byte of a word. */
  static final long BYTES = 0x0101_0101_0101_0101L;

  private static final ValueLayout.OfLong LONG =
      JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * All memory: coders work with addresses, whose ranges {@link LineCodec} has checked, and keep
   * within them by their own arithmetic.
   */
  static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private LineFormat() {}

  static long getLong(long address) {
    return MEMORY.get(LONG, address);
  }

  static void putLong(long address, long value) {
    MEMORY.set(LONG, address, value);
  }

  static int getByte(long address) {
    return MEMORY.get(JAVA_BYTE, address) & 0xFF;
  }

  static void putByte(long address, int value) {
    MEMORY.set(JAVA_BYTE, address, (byte) value);
  }

  static int getShort(long address) {
    return MEMORY.get(JAVA_SHORT_UNALIGNED, address) & 0xFFFF;
  }

  static void putShort(long address, int value) {
    MEMORY.set(JAVA_SHORT_UNALIGNED, address, (short) value);
  }
}
