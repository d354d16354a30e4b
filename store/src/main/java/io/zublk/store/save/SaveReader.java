package io.zublk.store.save;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.zip.CRC32C;

/**
 * Reads the blocks of a save file one after the other, for threads that do with them what takes
 * longer. Only when the last one is read, and all are intact, is it certain that none is missing.
 * Any thread.
 */
final class SaveReader {

  private final ReadableByteChannel in;
  private final SaveHeader header;

  // Guarded by this.
  private final CRC32C whole = new CRC32C();
  private final ByteBuffer checksum = ByteBuffer.allocate(Integer.BYTES);
  private int blocks;
  private boolean atEnd;
  private long pages;

  /** A reader of what follows the header. */
  SaveReader(ReadableByteChannel in, SaveHeader header) {
    this.in = in;
    this.header = header;
  }

  /**
   * Reads the next block; its contents are for the caller to check.
   *
   * @return false if there is none, or nobody wants it as another has been wrong
   * @throws IOException with what is wrong, in words that go on after the file's name
   */
  synchronized boolean read(SaveBlock block) throws IOException {
    if (atEnd) {
      return false;
    }
    atEnd = true; // also if this one is wrong
    block.readFrom(in, header, blocks);
    if (block.pages() == 0) {
      readEnd(block);
      return false;
    }
    whole.update(checksum.putInt(0, Integer.reverseBytes(block.checksum())).rewind());
    blocks++;
    atEnd = false;
    return true;
  }

  private void readEnd(SaveBlock last) throws IOException {
    last.requireEnd(whole.getValue());
    pages = last.endPages();
    if (in.read(ByteBuffer.allocate(1)) >= 0) {
      throw new IOException("is damaged: it goes on after its end");
    }
  }

  /** Has no more blocks read. */
  synchronized void stop() {
    atEnd = true;
  }

  /** How many pages the file says it has, when its last block was read. */
  synchronized long pages() {
    return pages;
  }
}
