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

import io.zublk.store.page.PageSink;
import io.zublk.store.table.PageEntry;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.zip.CRC32C;

/** The memory for one block of a save file after the other, and what it says. One thread's. */
final class SaveBlock implements AutoCloseable {

  private final MemorySegment buffer;
  private final ByteBuffer view;
  private final CRC32C crc = new CRC32C();
  private int number;
  private int count;
  private int objectBytes;
  private long first;

  SaveBlock() throws LinuxException {
    this.buffer = Memory.mapAnonymous(MOST_BLOCK_BYTES);
    this.view = buffer.asByteBuffer();
  }

  /**
   * Reads a block, and believes of it only how long it is.
   *
   * @param expected its number
   * @throws IOException if it is cut off or another one, in words that go on after the file's name
   */
  void readFrom(ReadableByteChannel in, SaveHeader header, int expected) throws IOException {
    number = expected;
    read(in, 0, BLOCK_HEAD_BYTES);
    count = buffer.get(JAVA_INT_UNALIGNED, BLOCK_PAGES);
    objectBytes = buffer.get(JAVA_INT_UNALIGNED, BLOCK_BYTES);
    first = buffer.get(JAVA_LONG_UNALIGNED, BLOCK_FIRST_PAGE);
    require(
        count >= 0
            && count <= MOST_PAGES
            && objectBytes >= 0
            && objectBytes <= MOST_OBJECT_BYTES
            && first >= 0
            && first <= header.pages() - count
            && buffer.get(JAVA_INT_UNALIGNED, BLOCK_NUMBER) == expected
            && buffer.get(JAVA_LONG_UNALIGNED, BLOCK_ID) == header.id());
    read(in, BLOCK_HEAD_BYTES, objectBytes + count * WORD_BYTES);
  }

  private void read(ReadableByteChannel in, int from, int length) throws IOException {
    view.limit(from + length).position(from);
    while (view.hasRemaining()) {
      if (in.read(view) < 0) {
        throw new IOException("is cut off");
      }
    }
  }

  private void require(boolean isRight) throws IOException {
    if (!isRight) {
      throw new IOException("is damaged: block %d is wrong".formatted(number));
    }
  }

  /** How many pages it is of, absent ones among them; 0 for the last block. */
  int pages() {
    return count;
  }

  /** What its checksum is to be. */
  int checksum() {
    return buffer.get(JAVA_INT_UNALIGNED, BLOCK_CHECKSUM);
  }

  private void requireIntact() throws IOException {
    crc.reset();
    crc.update(view.position(BLOCK_PAGES));
    require(checksum() == (int) crc.getValue());
  }

  /**
   * Tells of its pages.
   *
   * @return how many those are
   * @throws IOException if it is not intact, in words that go on after the file's name
   */
  int tell(PageSink target) throws IOException {
    requireIntact();
    int words = BLOCK_HEAD_BYTES + objectBytes;
    int at = BLOCK_HEAD_BYTES;
    int told = 0;
    for (int i = 0; i < count; i++) {
      long word = buffer.get(JAVA_LONG_UNALIGNED, words + i * WORD_BYTES);
      require(SaveFormat.isValid(word));
      int length = SaveFormat.objectBytes(word);
      require(length <= words - at);
      if (word != 0) {
        tell(first + i, word, at, length, target);
        told++;
      }
      at += length;
    }
    require(at == words);
    return told;
  }

  private void tell(long page, long word, int at, int length, PageSink target) {
    int kind = SaveFormat.kind(word);
    switch (kind) {
      case PageEntry.FILL, PageEntry.REPEAT -> target.fill(page, SaveFormat.fill(word));
      case PageEntry.LOST -> target.lost(page);
      default -> target.object(page, kind, buffer, at, length);
    }
  }

  // ---- the last one

  /** Makes sure that it is the end of blocks whose checksums have this one. */
  void requireEnd(long checksumOfChecksums) throws IOException {
    requireIntact();
    require(objectBytes == END_BYTES);
    long sum = buffer.get(JAVA_LONG_UNALIGNED, BLOCK_HEAD_BYTES + WORD_BYTES);
    require(sum == checksumOfChecksums);
    require(first == 0);
  }

  /** How many pages all blocks tell of. */
  long endPages() {
    return buffer.get(JAVA_LONG_UNALIGNED, BLOCK_HEAD_BYTES);
  }

  @Override
  public void close() {
    Memory.unmap(buffer);
  }
}
