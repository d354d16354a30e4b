package io.zublk.vhost.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.zublk.block.Geometry;
import io.zublk.vhost.VhostOptions;
import java.lang.foreign.MemorySegment;

/** What a client learns of the device (struct virtio_blk_config), and the features that say so. */
public final class ConfigSpace {

  /** Longer than what any client asks for; all that is not filled is zero. */
  public static final int BYTES = 96;

  private static final int CAPACITY = 0;
  private static final int SEG_MAX = 12;
  private static final int BLK_SIZE = 20;
  private static final int PHYSICAL_EXPONENT = 24;
  private static final int MIN_IO = 26;
  private static final int WRITEBACK = 32;
  private static final int NUM_QUEUES = 34;
  private static final int MAX_DISCARD_SECTORS = 36;
  private static final int MAX_DISCARD_SEG = 40;
  private static final int DISCARD_ALIGNMENT = 44;
  private static final int MAX_WRITE_ZEROES_SECTORS = 48;
  private static final int MAX_WRITE_ZEROES_SEG = 52;
  private static final int WRITE_ZEROES_MAY_UNMAP = 56;

  private ConfigSpace() {}

  /** The device's own features; those of rings and protocol are the protocol's. */
  public static long features(VhostOptions options) {
    return VirtioBlk.F_SEG_MAX
        | VirtioBlk.F_BLK_SIZE
        | VirtioBlk.F_FLUSH
        | VirtioBlk.F_TOPOLOGY
        | VirtioBlk.F_MQ
        | (options.readOnly() ? VirtioBlk.F_RO : VirtioBlk.F_DISCARD | VirtioBlk.F_WRITE_ZEROES);
  }

  /** The structure of {@link #BYTES}. */
  public static MemorySegment of(Geometry geometry, VhostOptions options) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[BYTES]);
    int blocksPerPage = Geometry.PAGE_BYTES / geometry.blockBytes();
    bytes.set(JAVA_LONG_UNALIGNED, CAPACITY, geometry.sizeBytes() >> VirtioBlk.SECTOR_SHIFT);
    bytes.set(JAVA_INT_UNALIGNED, SEG_MAX, VirtioBlk.MAX_SEGMENTS);
    bytes.set(JAVA_INT_UNALIGNED, BLK_SIZE, geometry.blockBytes());
    byte exponent = (byte) Integer.numberOfTrailingZeros(blocksPerPage);
    bytes.set(JAVA_BYTE, PHYSICAL_EXPONENT, exponent);
    bytes.set(JAVA_SHORT_UNALIGNED, MIN_IO, (short) blocksPerPage);
    bytes.set(JAVA_BYTE, WRITEBACK, (byte) 1);
    bytes.set(JAVA_SHORT_UNALIGNED, NUM_QUEUES, (short) options.queues());
    if (!options.readOnly()) {
      int alignment = Geometry.PAGE_BYTES >> VirtioBlk.SECTOR_SHIFT;
      bytes.set(JAVA_INT_UNALIGNED, MAX_DISCARD_SECTORS, VirtioBlk.MAX_RANGE_SECTORS);
      bytes.set(JAVA_INT_UNALIGNED, MAX_DISCARD_SEG, VirtioBlk.MAX_RANGES);
      bytes.set(JAVA_INT_UNALIGNED, DISCARD_ALIGNMENT, alignment);
      bytes.set(JAVA_INT_UNALIGNED, MAX_WRITE_ZEROES_SECTORS, VirtioBlk.MAX_RANGE_SECTORS);
      bytes.set(JAVA_INT_UNALIGNED, MAX_WRITE_ZEROES_SEG, VirtioBlk.MAX_RANGES);
      bytes.set(JAVA_BYTE, WRITE_ZEROES_MAY_UNMAP, (byte) 1);
    }
    return bytes;
  }
}
