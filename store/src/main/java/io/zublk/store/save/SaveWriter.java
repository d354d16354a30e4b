package io.zublk.store.save;

import static io.zublk.store.save.SaveFormat.BLOCK_BYTES;
import static io.zublk.store.save.SaveFormat.BLOCK_CHECKSUM;
import static io.zublk.store.save.SaveFormat.BLOCK_FIRST_PAGE;
import static io.zublk.store.save.SaveFormat.BLOCK_HEAD_BYTES;
import static io.zublk.store.save.SaveFormat.BLOCK_ID;
import static io.zublk.store.save.SaveFormat.BLOCK_NUMBER;
import static io.zublk.store.save.SaveFormat.BLOCK_PAGES;
import static io.zublk.store.save.SaveFormat.MOST_PAGES;
import static io.zublk.store.save.SaveFormat.WORD_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.zublk.block.Geometry;
import io.zublk.store.page.MomentReader;
import io.zublk.store.page.PageSink;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.zip.CRC32C;

/**
 * Makes the blocks of a save file of the pages that it is told of. They gather in memory until
 * {@link #flush}, which is to come at least after every {@link MomentReader#MOST_PAGES} pages. One
 * thread's.
 */
final class SaveWriter implements PageSink, AutoCloseable {

  /** What is written at a time: a system call of it costs as much as its copy. */
  private static final int FLUSH_BYTES = 512 << 10;

  /** Each of the pages might be a block of its own. */
  private static final int BUFFER_BYTES =
      FLUSH_BYTES
          + MomentReader.MOST_PAGES * (BLOCK_HEAD_BYTES + WORD_BYTES + Geometry.PAGE_BYTES)
          + MOST_PAGES * WORD_BYTES;

  /** Absent pages are cheaper as words than as the end of a block. */
  private static final int MOST_ABSENT = BLOCK_HEAD_BYTES / WORD_BYTES;

  private final WritableByteChannel out;
  private final long id;
  private final MemorySegment buffer;
  private final ByteBuffer view;
  private final CRC32C crc = new CRC32C();
  private final CRC32C whole = new CRC32C();
  private final ByteBuffer checksum = ByteBuffer.allocate(Integer.BYTES);

  /** The words of the open block's pages, which follow its objects. */
  private final long[] words = new long[MOST_PAGES];

  private int wordCount;
  private long firstPage;
  private int blockStart;
  private int end;
  private int blocks;
  private long pages;
  private long lostPages;

  /** A writer of what follows the header. */
  SaveWriter(WritableByteChannel out, long id) throws LinuxException {
    this.out = out;
    this.id = id;
    this.buffer = Memory.mapAnonymous(BUFFER_BYTES);
    this.view = buffer.asByteBuffer();
  }

  /** Pages that are not absent, so far. */
  long pages() {
    return pages;
  }

  /** Of those, the damaged ones. */
  long lostPages() {
    return lostPages;
  }

  @Override
  public void fill(long page, long word) {
    add(page, SaveFormat.ofFill(word));
  }

  @Override
  public void lost(long page) {
    lostPages++;
    add(page, SaveFormat.lost());
  }

  @Override
  public void object(long page, int kind, MemorySegment bytes, long at, int length) {
    add(page, SaveFormat.ofObject(kind, length));
    MemorySegment.copy(bytes, at, buffer, end, length);
    end += length;
  }

  private void add(long page, long word) {
    long gap = page - firstPage - wordCount;
    if (wordCount == 0 || gap < 0 || gap > MOST_ABSENT || wordCount + gap >= MOST_PAGES) {
      endBlock();
      firstPage = page;
      blockStart = end;
      end += BLOCK_HEAD_BYTES;
      gap = 0;
    }
    for (; gap > 0; gap--) {
      words[wordCount++] = 0;
    }
    words[wordCount++] = word;
    pages++;
  }

  private void endBlock() {
    if (wordCount > 0) {
      int objectBytes = end - blockStart - BLOCK_HEAD_BYTES;
      for (int i = 0; i < wordCount; i++) {
        buffer.set(JAVA_LONG_UNALIGNED, end, words[i]);
        end += WORD_BYTES;
      }
      seal(wordCount, objectBytes, firstPage);
      wordCount = 0;
    }
  }

  private void seal(int pageCount, int objectBytes, long first) {
    buffer.set(JAVA_INT_UNALIGNED, blockStart + BLOCK_PAGES, pageCount);
    buffer.set(JAVA_INT_UNALIGNED, blockStart + BLOCK_BYTES, objectBytes);
    buffer.set(JAVA_INT_UNALIGNED, blockStart + BLOCK_NUMBER, blocks++);
    buffer.set(JAVA_LONG_UNALIGNED, blockStart + BLOCK_ID, id);
    buffer.set(JAVA_LONG_UNALIGNED, blockStart + BLOCK_FIRST_PAGE, first);
    crc.reset();
    crc.update(view.limit(end).position(blockStart + BLOCK_PAGES));
    int sum = (int) crc.getValue();
    buffer.set(JAVA_INT_UNALIGNED, blockStart + BLOCK_CHECKSUM, sum);
    whole.update(checksum.putInt(0, Integer.reverseBytes(sum)).rewind());
  }

  /** Writes what has gathered, if it is enough to be worth it. */
  void flush() throws IOException {
    if (end >= FLUSH_BYTES) {
      endBlock();
      write();
    }
  }

  /** Writes the rest, and the last block. */
  void finish() throws IOException {
    endBlock();
    int sum = (int) whole.getValue();
    blockStart = end;
    end += BLOCK_HEAD_BYTES;
    buffer.set(JAVA_LONG_UNALIGNED, end, pages);
    buffer.set(JAVA_LONG_UNALIGNED, end + WORD_BYTES, Integer.toUnsignedLong(sum));
    end += SaveFormat.END_BYTES;
    seal(0, SaveFormat.END_BYTES, 0);
    write();
  }

  private void write() throws IOException {
    view.limit(end).position(0);
    while (view.hasRemaining()) {
      int _ = out.write(view);
    }
    end = 0;
  }

  @Override
  public void close() {
    Memory.unmap(buffer);
  }
}
