package io.zublk.block;

/**
 * The shape of a device.
 *
 * @param sizeBytes its size in bytes, a positive multiple of {@code blockBytes}
 * @param blockBytes the logical block size in bytes, a power of two from 512 to 4096
 */
public record Geometry(long sizeBytes, int blockBytes) {

  /** The unit of compression, and of atomicity, in bytes. */
  public static final int PAGE_BYTES = 4096;

  static {
    assert Integer.bitCount(PAGE_BYTES) == 1; // it is masked with, and shifted by
  }

  public Geometry {
    if (blockBytes < 512 || blockBytes > PAGE_BYTES || Integer.bitCount(blockBytes) != 1) {
      throw new IllegalArgumentException(
          "block size " + blockBytes + " is not a power of two from 512 to 4096");
    }
    if (sizeBytes <= 0 || sizeBytes % blockBytes != 0) {
      throw new IllegalArgumentException(
          "size " + sizeBytes + " is not a positive multiple of the block size " + blockBytes);
    }
  }

  /** Whether the range lies inside the device. Negative values and overflow are outside. */
  public boolean contains(long position, long length) {
    return position >= 0 && length >= 0 && position <= sizeBytes && length <= sizeBytes - position;
  }
}
