package io.zublk.uring.sys;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class MemoryTest {

  private static final long TIB = 1L << 40;

  @Test
  void pagesHaveTheSizeThatTheKernelReports() throws Exception {
    Process getconf = new ProcessBuilder("getconf", "PAGESIZE").start();
    assertThat(getconf.inputReader().readLine()).isEqualTo("" + Memory.pageBytes());
  }

  @Test
  void mapsATebibyteFileAsOneSegment() throws LinuxException {
    try (LinuxFile file = LinuxFile.memory("tebibyte", 0)) {
      file.truncate(TIB);
      MemorySegment mapping = Memory.mapShared(file, 0, TIB);
      mapping.set(JAVA_LONG, TIB - 8, 42);
      assertThat(mapping.get(JAVA_LONG, TIB - 8)).isEqualTo(42);
      assertThat(file.allocatedBytes()).isEqualTo(Memory.pageBytes());
      Memory.unmap(mapping);
    }
  }

  @Test
  void twoMappingsOfAFileShareItsBytes() throws LinuxException {
    try (LinuxFile file = LinuxFile.memory("shared", 0)) {
      file.truncate(1 << 20);
      MemorySegment first = Memory.mapShared(file, 0, 1 << 20);
      MemorySegment second = Memory.mapShared(file, 0, 1 << 20);
      first.set(JAVA_BYTE, 12345, (byte) 7);
      assertThat(second.get(JAVA_BYTE, 12345)).isEqualTo((byte) 7);
      Memory.unmap(first);
      Memory.unmap(second);
    }
  }

  @Test
  void removeFreesPagesOfTheFile() throws LinuxException {
    int page = Memory.pageBytes();
    try (LinuxFile file = LinuxFile.memory("remove", 0)) {
      file.truncate(4L * page);
      MemorySegment mapping = Memory.mapShared(file, 0, 4L * page);
      assertThat(Memory.advise(mapping, 0, 4L * page, Memory.MADV_POPULATE_WRITE)).isZero();
      assertThat(file.allocatedBytes()).isEqualTo(4L * page);
      mapping.fill((byte) 1);
      assertThat(Memory.advise(mapping, page, 2L * page, Memory.MADV_REMOVE)).isZero();
      assertThat(file.allocatedBytes()).isEqualTo(2L * page);
      assertThat(mapping.get(JAVA_BYTE, page)).isZero();
      assertThat(mapping.get(JAVA_BYTE, 3L * page)).isEqualTo((byte) 1);
      Memory.unmap(mapping);
    }
  }

  @Test
  void dontNeedZeroesPrivatePages() throws LinuxException {
    MemorySegment mapping = Memory.mapAnonymous(1 << 20);
    mapping.fill((byte) 9);
    assertThat(Memory.advise(mapping, 0, 1 << 20, Memory.MADV_DONTNEED)).isZero();
    assertThat(mapping.get(JAVA_BYTE, 0)).isZero();
    Memory.unmap(mapping);
  }

  @Test
  void whatIsLockedIsThere() throws LinuxException {
    int page = Memory.pageBytes();
    try (LinuxFile file = LinuxFile.memory("locked", 0)) {
      file.truncate(4L * page);
      MemorySegment mapping = Memory.mapShared(file, 0, 4L * page);
      assertThat(Memory.lock(mapping.address(), 2L * page)).isZero();
      assertThat(file.allocatedBytes()).isEqualTo(2L * page);
      Memory.unlock(mapping);
      Memory.unmap(mapping);
      assertThat(Memory.lock(mapping.address(), page)).isEqualTo(-Errnos.ENOMEM);
    }
  }

  @Test
  void adviceReturnsTheErrno() throws LinuxException {
    MemorySegment mapping = Memory.mapAnonymous(1 << 20);
    assertThat(Memory.advise(mapping, 1, 4096, Memory.MADV_DONTNEED)).isEqualTo(-Errnos.EINVAL);
    Memory.unmap(mapping);
  }

  @Test
  void failuresNameTheCallAndTheErrno() {
    assertThatThrownBy(() -> Memory.map(4096, Memory.PROT_READ, Memory.MAP_SHARED, -1, 0))
        .isInstanceOf(LinuxException.class)
        .hasMessage("mmap of 4096 bytes: Bad file descriptor (EBADF)");
  }
}
