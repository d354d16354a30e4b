package io.zublk.store.page;

import static io.zublk.block.Geometry.PAGE_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.zublk.codec.Algorithm;
import io.zublk.codec.CodecSpec;
import io.zublk.codec.PageCodec;
import io.zublk.codec.PageFill;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.Random;

/**
 * Pages to measure with: those of an image that lz4 compresses. Filled pages and those that do not
 * shrink take other ways, and would blur what a compressed page costs.
 */
final class MemoryPages {

  /** The data set that needs no file. */
  static final String GENERATED = "generated";

  private static final int GENERATED_PAGES = 4096;

  private MemoryPages() {}

  /**
   * Maps {@code pages} pages, repeated if the image has fewer.
   *
   * @param image a file's path, or {@link #GENERATED}
   */
  static MemorySegment load(String image, int pages) throws IOException {
    MemorySegment result = Memory.mapAnonymous((long) pages * PAGE_BYTES);
    try (Arena arena = Arena.ofConfined()) {
      int found =
          copyCompressible(image.equals(GENERATED) ? generate(arena) : map(image, arena), result);
      if (found == 0) {
        throw new IOException(image + " has no page that lz4 compresses");
      }
      for (int page = found; page < pages; page++) {
        MemorySegment.copy(
            result,
            (long) (page - found) * PAGE_BYTES,
            result,
            (long) page * PAGE_BYTES,
            PAGE_BYTES);
      }
    }
    return result;
  }

  private static MemorySegment map(String image, Arena arena) throws IOException {
    try (FileChannel file = FileChannel.open(Path.of(image))) {
      return file.map(MapMode.READ_ONLY, 0, file.size(), arena);
    }
  }

  private static int copyCompressible(MemorySegment from, MemorySegment to) throws LinuxException {
    MemorySegment scratch = Memory.mapAnonymous(PAGE_BYTES);
    int found = 0;
    try (PageCodec lz4 = CodecSpec.of(Algorithm.LZ4).newCodec()) {
      for (long at = 0; at + PAGE_BYTES <= from.byteSize(); at += PAGE_BYTES) {
        if ((long) found * PAGE_BYTES == to.byteSize()) {
          break;
        }
        int length = lz4.compress(from, at, scratch, 0, ObjectWriter.MAX_COMPRESSED_BYTES);
        if (length > 0 && !PageFill.isFilled(from, at)) {
          MemorySegment.copy(from, at, to, (long) found * PAGE_BYTES, PAGE_BYTES);
          found++;
        }
      }
    } finally {
      Memory.unmap(scratch);
    }
    return found;
  }

  /** Words as in a heap: zeros, pointers into one region, small numbers, repetitions, noise. */
  private static MemorySegment generate(Arena arena) {
    MemorySegment memory = arena.allocate((long) GENERATED_PAGES * PAGE_BYTES, Long.BYTES);
    Random random = new Random(1);
    for (long at = 0; at < memory.byteSize(); at += Long.BYTES) {
      memory.set(JAVA_LONG, at, word(memory, at, random));
    }
    return memory;
  }

  private static long word(MemorySegment memory, long at, Random random) {
    int kind = random.nextInt(100);
    if (kind < 25) {
      return 0;
    }
    if (kind < 60) {
      return memory.get(JAVA_LONG, Math.max(0, at - 8L * (1 + random.nextInt(200))));
    }
    if (kind < 75) {
      return 0x7f12_3400_0000L + 16L * random.nextInt(1 << 20);
    }
    return kind < 90 ? random.nextInt(1 << 10) : random.nextLong();
  }
}
