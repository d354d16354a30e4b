package io.zublk.ublk.control;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.zublk.block.Geometry;
import io.zublk.ublk.abi.UblkAbi;
import java.lang.foreign.MemorySegment;

/**
 * The limits of a disk, as the block layer is told them ({@code struct ublk_params}).
 *
 * @param sizeBytes the disk's size
 * @param blockBytes its logical block
 * @param maxIoBytes the largest read or write
 * @param volatileCache whether users must flush, and may ask for FUA
 */
public record UblkParameters(
    long sizeBytes, int blockBytes, int maxIoBytes, boolean volatileCache) {

  /**
   * The largest discard or write-zeroes: freeing its 16384 pages takes the queue thread about a
   * millisecond, during which the queue's other requests wait.
   */
  static final int MAX_DISCARD_BYTES = 64 << 20;

  private static final int PAGE_SHIFT = Integer.numberOfTrailingZeros(Geometry.PAGE_BYTES);

  static {
    assert MAX_DISCARD_BYTES % Geometry.PAGE_BYTES == 0;
    // Before Linux 6.11 the driver counts the bytes of write-zeroes in 32 bits.
    assert MAX_DISCARD_BYTES > 0;
  }

  void write(MemorySegment params) {
    params.fill((byte) 0);
    params.set(JAVA_INT, UblkAbi.PARAMS_LENGTH, UblkAbi.PARAMS_BYTES);
    params.set(JAVA_INT, UblkAbi.PARAMS_TYPES, UblkAbi.TYPE_BASIC | UblkAbi.TYPE_DISCARD);
    int cache = UblkAbi.ATTRIBUTE_VOLATILE_CACHE | UblkAbi.ATTRIBUTE_FUA;
    params.set(JAVA_INT, UblkAbi.BASIC_ATTRIBUTES, volatileCache ? cache : 0);
    int logicalShift = Integer.numberOfTrailingZeros(blockBytes);
    params.set(JAVA_BYTE, UblkAbi.BASIC_LOGICAL_SHIFT, (byte) logicalShift);
    params.set(JAVA_BYTE, UblkAbi.BASIC_PHYSICAL_SHIFT, (byte) PAGE_SHIFT);
    params.set(JAVA_BYTE, UblkAbi.BASIC_OPTIMAL_SHIFT, (byte) PAGE_SHIFT);
    params.set(JAVA_BYTE, UblkAbi.BASIC_MINIMUM_SHIFT, (byte) PAGE_SHIFT);
    params.set(JAVA_INT, UblkAbi.BASIC_MAX_SECTORS, maxIoBytes >> UblkAbi.SECTOR_SHIFT);
    params.set(JAVA_LONG, UblkAbi.BASIC_DEVICE_SECTORS, sizeBytes >> UblkAbi.SECTOR_SHIFT);
    int discardSectors = MAX_DISCARD_BYTES >> UblkAbi.SECTOR_SHIFT;
    params.set(JAVA_INT, UblkAbi.DISCARD_GRANULARITY, Geometry.PAGE_BYTES);
    params.set(JAVA_INT, UblkAbi.DISCARD_MAX_SECTORS, discardSectors);
    params.set(JAVA_INT, UblkAbi.DISCARD_MAX_ZEROES_SECTORS, discardSectors);
    params.set(JAVA_SHORT, UblkAbi.DISCARD_MAX_SEGMENTS, (short) 1);
  }

  static UblkParameters read(MemorySegment params) {
    int attributes = params.get(JAVA_INT, UblkAbi.BASIC_ATTRIBUTES);
    return new UblkParameters(
        params.get(JAVA_LONG, UblkAbi.BASIC_DEVICE_SECTORS) << UblkAbi.SECTOR_SHIFT,
        1 << params.get(JAVA_BYTE, UblkAbi.BASIC_LOGICAL_SHIFT),
        params.get(JAVA_INT, UblkAbi.BASIC_MAX_SECTORS) << UblkAbi.SECTOR_SHIFT,
        (attributes & UblkAbi.ATTRIBUTE_VOLATILE_CACHE) != 0);
  }
}
