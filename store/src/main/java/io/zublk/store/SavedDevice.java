package io.zublk.store;

import io.zublk.block.Geometry;
import io.zublk.codec.PackingSpec;
import io.zublk.store.save.SaveHeader;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;

/**
 * What a save file says of its device.
 *
 * @param sizeBytes the device's size
 * @param packing what it packed pages with
 */
public record SavedDevice(long sizeBytes, PackingSpec packing) {

  /**
   * Reads the first bytes of a save file.
   *
   * @throws IOException with what is wrong, in words that go on after the file's name
   */
  public static SavedDevice read(ReadableByteChannel file) throws IOException {
    SaveHeader header = SaveHeader.read(file);
    return new SavedDevice(header.pages() * Geometry.PAGE_BYTES, header.packing());
  }
}
