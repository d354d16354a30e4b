package io.zublk.store;

import io.zublk.block.Geometry;
import io.zublk.codec.PackingSpec;
import io.zublk.store.file.StoreExtent;
import io.zublk.store.file.StoreLayout;

/**
 * What a page store is made from.
 *
 * @param sizeBytes the device's size, a positive multiple of 4096, at most 1 TiB
 * @param packing what pages are packed with
 * @param memLimitBytes the most memory that the store may use, all overhead included; 0: no limit
 */
public record StoreOptions(long sizeBytes, PackingSpec packing, long memLimitBytes) {

  public StoreOptions {
    var _ = requireSize(sizeBytes);
    long metadata = StoreExtent.ofNew(sizeBytes / Geometry.PAGE_BYTES).metadataBytes;
    if (memLimitBytes < 0 || (memLimitBytes > 0 && memLimitBytes <= metadata)) {
      throw new IllegalArgumentException(
          "the memory limit is "
              + memLimitBytes
              + " bytes; an empty device of this size takes "
              + metadata);
    }
  }

  /**
   * Checks the size of a device, in bytes, and returns it.
   *
   * @throws IllegalArgumentException if there can be no device of this size
   */
  public static long requireSize(long sizeBytes) {
    if (sizeBytes <= 0) {
      throw new IllegalArgumentException("the size must be positive, not " + sizeBytes);
    }
    if (sizeBytes % Geometry.PAGE_BYTES != 0) {
      throw new IllegalArgumentException(
          "the size must be a multiple of 4096 bytes, not " + sizeBytes);
    }
    if (sizeBytes > StoreLayout.MAX_DEVICE_BYTES) {
      throw new IllegalArgumentException(
          "the size is " + sizeBytes + " bytes; a page table holds at most 1 TiB");
    }
    return sizeBytes;
  }
}
