package io.zublk.vhost.io;

/** The numbers of a virtio block device (virtio 1.2, 5.2; include/uapi/linux/virtio_blk.h). */
public final class VirtioBlk {

  public static final long F_SEG_MAX = 1L << 2;
  public static final long F_RO = 1L << 5;
  public static final long F_BLK_SIZE = 1L << 6;
  public static final long F_FLUSH = 1L << 9;
  public static final long F_TOPOLOGY = 1L << 10;
  public static final long F_MQ = 1L << 12;
  public static final long F_DISCARD = 1L << 13;
  public static final long F_WRITE_ZEROES = 1L << 14;

  static final int IN = 0;
  static final int OUT = 1;
  static final int FLUSH = 4;
  static final int GET_ID = 8;
  static final int DISCARD = 11;
  static final int WRITE_ZEROES = 13;

  /** A flag of the type that old drivers set; it means nothing any more. */
  static final int BARRIER = 1 << 31;

  static final int HEADER_BYTES = 16;
  static final int HEADER_SECTOR = 8;

  static final byte OK = 0;
  static final byte IOERR = 1;
  static final byte UNSUPP = 2;

  static final int SECTOR_SHIFT = 9;
  static final int SECTOR_BYTES = 1 << SECTOR_SHIFT;

  // A range of DISCARD and WRITE_ZEROES.
  static final int RANGE_BYTES = 16;
  static final int RANGE_SECTORS = 8;
  static final int RANGE_FLAGS = 12;
  static final int RANGE_UNMAP = 1;

  /** The most ranges of a request; Linux fills 256 at most, and nobody gains by more than a few. */
  static final int MAX_RANGES = 32;

  /**
   * The most sectors of a range, 1 GiB: what a thread clears before it looks at its other rings.
   */
  static final int MAX_RANGE_SECTORS = 1 << 21;

  /** So many segments of data, as in qemu-storage-daemon, take 128 descriptors. */
  static final int MAX_SEGMENTS = 126;

  private VirtioBlk() {}
}
