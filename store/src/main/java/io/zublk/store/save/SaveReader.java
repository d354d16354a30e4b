package io.zublk.store.save;

import static io.zublk.store.save.SaveFormat.BLOCK_BYTES;
import static io.zublk.store.save.SaveFormat.BLOCK_CHECKSUM;
import static io.zublk.store.save.SaveFormat.BLOCK_FIRST_PAGE;
import static io.zublk.store.save.SaveFormat.BLOCK_HEAD_BYTES;
import static io.zublk.store.save.SaveFormat.BLOCK_ID;
import static io.zublk.store.save.SaveFormat.BLOCK_NUMBER;
import static io.zublk.store.save.SaveFormat.BLOCK_PAGES;
import static io.zublk.store.save.SaveFormat.END_BYTES;
import static io.zublk.store.save.SaveFormat.MOST_BLOCK_BYTES;
import static io.zublk.store.save.SaveFormat.MOST_OBJECT_BYTES;
import static io.zublk.store.save.SaveFormat.MOST_PAGES;
import static io.zublk.store.save.SaveFormat.WORD_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.zublk.store.page.PageRestorer;
import io.zublk.store.table.PageEntry;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.zip.CRC32C;

/**
 * Reads the blocks of a save file, and tells of the pages of each that is intact. Only when the
 * last one is read is it certain that all of them are there. One thread's.
 */
final class SaveReader implements AutoCloseable {

  private final ReadableByteChannel in;
  private final SaveHeader header;
  private final MemorySegment buffer;
  private final ByteBuffer view;
  private final CRC32C crc = new CRC32C();
  private final CRC32C whole = new CRC32C();
  private final ByteBuffer checksum = ByteBuffer.allocate(Integer.BYTES);
  private int blocks;
  private long pages;

  /** A reader of what follows the header. */
  SaveReader(ReadableByteChannel in, SaveHeader header) throws LinuxException {
    this.in = in;
    this.header = header;
    this.buffer = Memory.mapAnonymous(MOST_BLOCK_BYTES);
    this.view = buffer.asByteBuffer();
  }

  /**
   * Reads a block.
   *
   * @return false if it was the last one
   * @throws IOException with what is wrong, in words that go on after the file's name
   */
  boolean readBlock(PageRestorer target) throws IOException {
    read(0, BLOCK_HEAD_BYTES);
    int count = buffer.get(JAVA_INT_UNALIGNED, BLOCK_PAGES);
    int objectBytes = buffer.get(JAVA_INT_UNALIGNED, BLOCK_BYTES);
    long first = buffer.get(JAVA_LONG_UNALIGNED, BLOCK_FIRST_PAGE);
    require(
        count >= 0
            && count <= MOST_PAGES
            && objectBytes >= 0
            && objectBytes <= MOST_OBJECT_BYTES
            && first >= 0
            && first <= header.pages() - count
            && buffer.get(JAVA_INT_UNALIGNED, BLOCK_NUMBER) == blocks
            && buffer.get(JAVA_LONG_UNALIGNED, BLOCK_ID) == header.id());
    read(BLOCK_HEAD_BYTES, objectBytes + count * WORD_BYTES);
    int end = view.limit();
    crc.reset();
    crc.update(view.position(BLOCK_PAGES));
    int sum = (int) crc.getValue();
    require(buffer.get(JAVA_INT_UNALIGNED, BLOCK_CHECKSUM) == sum);
    if (count == 0) {
      requireEnd(objectBytes);
      return false;
    }
    whole.update(checksum.putInt(0, Integer.reverseBytes(sum)).rewind());
    blocks++;
    tell(first, count, end, target);
    return true;
  }

  private void read(int from, int length) throws IOException {
    view.limit(from + length).position(from);
    while (view.hasRemaining()) {
      if (in.read(view) < 0) {
        throw new IOException("is cut off");
      }
    }
  }

  private void require(boolean isRight) throws IOException {
    if (!isRight) {
      throw new IOException("is damaged: block %d is wrong".formatted(blocks));
    }
  }

  private void tell(long first, int count, int end, PageRestorer target) throws IOException {
    int words = end - count * WORD_BYTES;
    int at = BLOCK_HEAD_BYTES;
    for (int i = 0; i < count; i++) {
      long word = buffer.get(JAVA_LONG_UNALIGNED, words + i * WORD_BYTES);
      require(SaveFormat.isValid(word));
      int length = SaveFormat.objectBytes(word);
      require(length <= words - at);
      if (word != 0) {
        require(!target.has(first + i));
        pages++;
        tell(first + i, word, at, length, target);
      }
      at += length;
    }
    require(at == words);
  }

  private void tell(long page, long word, int at, int length, PageRestorer target) {
    int kind = SaveFormat.kind(word);
    switch (kind) {
      case PageEntry.FILL, PageEntry.REPEAT -> target.fill(page, SaveFormat.fill(word));
      case PageEntry.LOST -> target.lost(page);
      default -> target.object(page, kind, buffer, at, length);
    }
  }

  private void requireEnd(int bytes) throws IOException {
    require(bytes == END_BYTES);
    require(buffer.get(JAVA_LONG_UNALIGNED, BLOCK_HEAD_BYTES) == pages);
    long sum = buffer.get(JAVA_LONG_UNALIGNED, BLOCK_HEAD_BYTES + WORD_BYTES);
    require(sum == whole.getValue());
    require(buffer.get(JAVA_LONG_UNALIGNED, BLOCK_FIRST_PAGE) == 0);
    view.limit(1).position(0);
    if (in.read(view) >= 0) {
      throw new IOException("is damaged: it goes on after its end");
    }
  }

  @Override
  public void close() {
    Memory.unmap(buffer);
  }
}
