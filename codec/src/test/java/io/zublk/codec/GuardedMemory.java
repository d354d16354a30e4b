package io.zublk.codec;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Memory that kills the JVM when C code touches a byte behind its end: a mapping of a file that is
 * then cut off at a multiple of the CPU's page size.
 */
final class GuardedMemory implements AutoCloseable {

  /** A multiple of the page size of every CPU zublk runs on; aarch64 kernels may have 64 KiB. */
  static final long BYTES = 65536;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;

  GuardedMemory() {
    try {
      Path path = Files.createTempFile("guarded", null);
      try (FileChannel file =
          FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        memory = file.map(MapMode.READ_WRITE, 0, 2 * BYTES, arena).asSlice(0, BYTES);
        file.truncate(BYTES);
      } finally {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  MemorySegment segment() {
    return memory;
  }

  /** Puts {@code bytes} at the very end and returns the offset of the first. */
  long putLast(byte[] bytes) {
    long offset = BYTES - bytes.length;
    MemorySegment.copy(MemorySegment.ofArray(bytes), 0, memory, offset, bytes.length);
    return offset;
  }

  @Override
  public void close() {
    arena.close();
  }
}
