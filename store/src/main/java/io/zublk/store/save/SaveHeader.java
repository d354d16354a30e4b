package io.zublk.store.save;

import static io.zublk.store.save.SaveFormat.HEADER_BYTES;
import static io.zublk.store.save.SaveFormat.HEADER_CHECKSUM;
import static io.zublk.store.save.SaveFormat.HEADER_ID;
import static io.zublk.store.save.SaveFormat.HEADER_PACKING;
import static io.zublk.store.save.SaveFormat.HEADER_PACKING_BYTES;
import static io.zublk.store.save.SaveFormat.HEADER_PAGES;
import static io.zublk.store.save.SaveFormat.HEADER_TIME;
import static io.zublk.store.save.SaveFormat.HEADER_VERSION;

import io.zublk.codec.PackingSpec;
import io.zublk.store.file.StoreLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * What a save file begins with.
 *
 * @param id a random number, which all of the file's blocks name
 * @param pages the device's size
 * @param millis when it was saved, since 1970 in UTC
 * @param packing what the device packed pages with
 */
public record SaveHeader(long id, long pages, long millis, PackingSpec packing) {

  /** The bytes of a file that begin with it. */
  ByteBuffer bytes() {
    ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes
        .putLong(0, SaveFormat.MAGIC)
        .putInt(HEADER_VERSION, SaveFormat.VERSION)
        .putLong(HEADER_ID, id)
        .putLong(HEADER_PAGES, pages)
        .putLong(HEADER_TIME, millis)
        .put(HEADER_PACKING, packing.toString().getBytes(StandardCharsets.US_ASCII));
    return bytes.putInt(HEADER_CHECKSUM, checksum(bytes));
  }

  private static int checksum(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate().position(0).limit(HEADER_CHECKSUM));
    return (int) crc.getValue();
  }

  /**
   * Reads the header of a file.
   *
   * @throws IOException in words for the user, which go on after the file's name, if it is none
   */
  public static SaveHeader read(ReadableByteChannel file) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining() && file.read(bytes) >= 0) {
      // as much as there is
    }
    if (bytes.position() < Long.BYTES || bytes.getLong(0) != SaveFormat.MAGIC) {
      throw new IOException("is no file that 'zublk save' wrote");
    }
    if (bytes.position() >= HEADER_VERSION + Integer.BYTES) {
      int version = bytes.getInt(HEADER_VERSION);
      if (Integer.compareUnsigned(version, SaveFormat.VERSION) > 0) {
        throw new IOException(
            "is of version %s, this zublk reads %d: take a newer one, or the file is damaged"
                .formatted(Integer.toUnsignedString(version), SaveFormat.VERSION));
      }
    }
    if (bytes.hasRemaining()) {
      throw new IOException("is cut off: it has only " + bytes.position() + " bytes");
    }
    return parse(bytes);
  }

  private static SaveHeader parse(ByteBuffer bytes) throws IOException {
    byte[] packing = new byte[HEADER_PACKING_BYTES];
    bytes.get(HEADER_PACKING, packing);
    long pages = bytes.getLong(HEADER_PAGES);
    try {
      PackingSpec spec =
          PackingSpec.parse(new String(packing, StandardCharsets.US_ASCII).replace("\0", ""));
      SaveHeader header =
          new SaveHeader(bytes.getLong(HEADER_ID), pages, bytes.getLong(HEADER_TIME), spec);
      if (pages >= 1
          && pages <= StoreLayout.MAX_PAGES
          && bytes.flip().equals(header.bytes())) { // so that nothing else has been there
        return header;
      }
    } catch (IllegalArgumentException _) {
      // of the algorithm: no zublk writes that
    }
    throw new IOException("is damaged: its header is wrong");
  }
}
