package io.zublk.codec;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.channels.FileChannel.MapMode.READ_WRITE;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageChecksumTest {

  private static final int MEMORY_BYTES = 8192;
  private static final long GIB = 1L << 30;

  private final MemorySegment memory = Arena.ofAuto().allocate(MEMORY_BYTES);
  private final PageChecksum checksum = new PageChecksum(memory);

  @Test
  void rangesAcrossTheWindowsOfAHugeMemoryAreRead(@TempDir Path directory) throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileChannel file = FileChannel.open(directory.resolve("huge"), CREATE, READ, WRITE)) {
      MemorySegment huge = file.map(READ_WRITE, 0, 5 * GIB + 4096, arena);
      PageChecksum ofHuge = new PageChecksum(huge);
      for (long offset : new long[] {0, GIB - 7, GIB, 2 * GIB - 9, 5 * GIB - 1, 5 * GIB + 2596}) {
        byte[] page = PageKind.TEXT.page(offset);
        MemorySegment.copy(page, 0, huge, JAVA_BYTE, offset, 1500);
        MemorySegment.copy(page, 0, memory, JAVA_BYTE, 0, 1500);

        assertThat(ofHuge.of(offset, 1500, 7)).isEqualTo(checksum.of(0, 1500, 7));
      }
    }
  }

  @Test
  void rangesOutsideTheMemoryAreRefused() {
    assertThatThrownBy(() -> checksum.of(MEMORY_BYTES - 10, 11, 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> checksum.of(-1, 1, 0)).isInstanceOf(IndexOutOfBoundsException.class);
  }
}
