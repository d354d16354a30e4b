package io.zublk.codec;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.zip.CRC32C;

/**
 * One thread's checksum of stored bytes in one memory: CRC-32C (RFC 3720, appendix B.4), mixed with
 * a seed. It finds every error that spans at most 32 bits, and any other but one in 2^32. It is no
 * defence against an attacker. Not thread-safe; a call allocates nothing.
 *
 * <p>{@link CRC32C}, which the JVM turns into the CPU's instruction, only takes buffers, and a
 * buffer ends at 2 GiB. So memory is seen through windows that begin every GiB and overlap by a
 * page: any range of up to a page lies in the window of its first byte.
 */
public final class PageChecksum {

  private static final int WINDOW_SHIFT = 30;
  private static final long WINDOW_STEP = 1L << WINDOW_SHIFT;
  private static final long WINDOW_BYTES = WINDOW_STEP + PageCodec.PAGE_BYTES;

  // Odd, so that multiplying by them loses nothing; from xxHash32.
  private static final int LOW_PRIME = 0x9E3779B1;
  private static final int HIGH_PRIME = 0x85EBCA77;

  private final CRC32C crc = new CRC32C();
  private final ByteBuffer[] windows;
  private final long memoryBytes;

  /**
   * Opens a checksum over {@code memory}, which must be native and stay open while this is used.
   */
  public PageChecksum(MemorySegment memory) {
    memoryBytes = memory.byteSize();
    windows = windowsOf(unshared(memory));
  }

  /**
   * The same bytes without their owner: the JDK counts the users of a shared arena in one word,
   * which all threads would write for every page.
   */
  private static MemorySegment unshared(MemorySegment memory) {
    long address = NativeMemory.address(memory, 0, memory.byteSize());
    return MemorySegment.ofAddress(address).reinterpret(memory.byteSize());
  }

  private static ByteBuffer[] windowsOf(MemorySegment memory) {
    var windows = new ByteBuffer[Math.toIntExact(Math.ceilDiv(memory.byteSize(), WINDOW_STEP))];
    for (int i = 0; i < windows.length; i++) {
      long start = i * WINDOW_STEP;
      long length = Math.min(WINDOW_BYTES, memory.byteSize() - start);
      windows[i] = memory.asSlice(start, length).asByteBuffer();
    }
    return windows;
  }

  /**
   * The checksum of {@code length} bytes at {@code offset}; at least one byte, at most a page.
   *
   * @param seed tells equal bytes of different owners apart, such as the page number: seeds that
   *     differ only in their low or only in their high 32 bits always give different checksums
   */
  public int of(long offset, int length, long seed) {
    Objects.checkFromIndexSize(offset, length, memoryBytes);
    ByteBuffer window = windows[(int) (offset >>> WINDOW_SHIFT)];
    int start = (int) offset & (int) (WINDOW_STEP - 1);
    window.limit(start + length).position(start);
    crc.reset();
    crc.update(window);
    return (int) crc.getValue() ^ mix(seed);
  }

  private static int mix(long seed) {
    return (int) seed * LOW_PRIME ^ (int) (seed >>> 32) * HIGH_PRIME;
  }
}
