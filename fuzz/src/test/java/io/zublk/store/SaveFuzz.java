package io.zublk.store;

import io.zublk.block.BlockChannel;
import io.zublk.codec.PackingSpec;
import io.zublk.fuzz.Runs;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * A save file of anybody's: it is refused with a word, or makes a store that works. The input is a
 * file; as by chance no checksum of one is right, it is tried with the right ones as well.
 */
@Runs(3_000)
public final class SaveFuzz {

  private static final int PAGE = 4096;
  private static final int HEADER_BYTES = 128;
  private static final int HEAD_BYTES = 32;
  private static final long IDENTITY = 1;
  private static final StoreOptions OPTIONS =
      new StoreOptions(1L << 20, PackingSpec.parse("lz4"), 0);
  private static final MemorySegment BUFFER = Arena.global().allocate(PAGE, PAGE);

  private SaveFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    check(data);
    check(sealed(data));
  }

  private static void check(byte[] data) throws IOException {
    Path directory = Files.createTempDirectory(Path.of("/dev/shm"), "zublk-fuzz");
    Path path = directory.resolve("store");
    ReadableByteChannel file = Channels.newChannel(new ByteArrayInputStream(data));
    try (PageStore store = PageStore.restore(path, OPTIONS, StoreTuning.INLINE, IDENTITY, file);
        BlockChannel channel = store.openChannel()) {
      for (long at = 0; at < OPTIONS.sizeBytes(); at += PAGE) {
        int _ = channel.read(at, BUFFER, 0, PAGE); // an object may be none of its kind
        expect(0, channel.write(at, BUFFER, 0, PAGE));
        expect(0, channel.read(at, BUFFER, 0, PAGE));
      }
    } catch (IOException e) {
      if (e.getMessage() == null || !e.getMessage().matches("(is|holds) .*")) {
        throw new AssertionError("refused without a word", e);
      }
    } finally {
      Files.deleteIfExists(path);
      Files.delete(directory);
    }
  }

  private static void expect(int expected, int found) {
    if (found != expected) {
      throw new AssertionError("%d instead of %d".formatted(found, expected));
    }
  }

  /** The file with the checksums, numbers and ids that its header and blocks ought to have. */
  private static byte[] sealed(byte[] data) {
    ByteBuffer file = ByteBuffer.wrap(data.clone()).order(ByteOrder.LITTLE_ENDIAN);
    if (data.length < HEADER_BYTES) {
      return file.array();
    }
    file.putInt(HEADER_BYTES - 4, checksum(file, 0, HEADER_BYTES - 4));
    CRC32C whole = new CRC32C();
    int at = HEADER_BYTES;
    for (int number = 0; at + HEAD_BYTES <= data.length; number++) {
      int pages = file.getInt(at + 4) & 0x1ff;
      int bytes = file.getInt(at + 8) & 0x1f_ffff;
      int end = (int) Math.min(data.length, at + HEAD_BYTES + bytes + 8L * pages);
      file.putInt(at + 12, number).putLong(at + 16, file.getLong(16));
      if (pages == 0 && end >= at + HEAD_BYTES + 16) {
        file.putLong(at + HEAD_BYTES + 8, whole.getValue());
      }
      file.putInt(at, checksum(file, at + 4, end));
      whole.update(file.slice(at, 4));
      at = end;
    }
    return file.array();
  }

  private static int checksum(ByteBuffer file, int from, int end) {
    CRC32C crc = new CRC32C();
    crc.update(file.slice(from, end - from));
    return (int) crc.getValue();
  }
}
