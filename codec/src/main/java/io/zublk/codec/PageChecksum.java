package io.zublk.codec;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * One thread's checksum of the bytes in a small memory, such as a page: CRC-32C (RFC 3720, appendix
 * B.4), mixed with a seed. It finds every error that spans at most 32 bits, and any other but one
 * in 2^32. It is no defence against an attacker. Not thread-safe; a call allocates nothing.
 *
 * <p>{@link CRC32C}, which the JVM turns into the CPU's instruction, only takes buffers. A buffer
 * ends at 2 GiB and has a position, so threads cannot share one: what lies in larger memory is
 * copied to a page of the thread's own, and stays as it was when it was checked.
 */
public final class PageChecksum {

  // Odd, so that multiplying by them loses nothing; from xxHash32.
  private static final int LOW_PRIME = 0x9E3779B1;
  private static final int HIGH_PRIME = 0x85EBCA77;

  private final CRC32C crc = new CRC32C();
  private final ByteBuffer buffer;

  /**
   * Opens a checksum over {@code memory}, which must be native, below 2 GiB, and stay open while
   * this is used.
   */
  public PageChecksum(MemorySegment memory) {
    buffer = unshared(memory).asByteBuffer();
  }

  /**
   * The same bytes without their owner: the JDK counts the users of a shared arena in one word,
   * which all threads would write for every page.
   */
  private static MemorySegment unshared(MemorySegment memory) {
    long address = NativeMemory.address(memory, 0, memory.byteSize());
    return MemorySegment.ofAddress(address).reinterpret(memory.byteSize());
  }

  /**
   * The checksum of {@code length} bytes at {@code offset}.
   *
   * @param seed tells equal bytes of different owners apart, such as the page number: seeds that
   *     differ only in their low or only in their high 32 bits always give different checksums
   * @throws IllegalArgumentException if not all of them are in the memory
   */
  public int of(int offset, int length, long seed) {
    buffer.limit(offset + length).position(offset);
    crc.reset();
    crc.update(buffer);
    return (int) crc.getValue() ^ mix(seed);
  }

  private static int mix(long seed) {
    return (int) seed * LOW_PRIME ^ (int) (seed >>> 32) * HIGH_PRIME;
  }
}
