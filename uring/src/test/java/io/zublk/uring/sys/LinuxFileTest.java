package io.zublk.uring.sys;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinuxFileTest {

  @TempDir private Path directory;

  @Test
  void memoryIsToldFromFilesOfDisksAndDevices() throws Exception {
    try (LinuxFile memory = LinuxFile.memory("memory", 0);
        LinuxFile event = LinuxFile.event();
        LinuxFile device = LinuxFile.open(Path.of("/dev/zero"), LinuxFile.O_RDWR, 0);
        LinuxFile jdk = LinuxFile.open(modules(), LinuxFile.O_RDONLY, 0)) {
      assertThat(memory.isMemory()).isTrue();
      assertThat(event.isMemory()).isFalse();
      assertThat(device.isMemory()).isFalse();
      assertThat(jdk.isMemory()).isFalse();
    }
    Path shared = Files.createTempFile(Path.of("/dev/shm"), "zublk", "");
    try (LinuxFile file = LinuxFile.open(shared, LinuxFile.O_RDWR, 0)) {
      assertThat(file.isMemory()).isTrue();
    } finally {
      Files.delete(shared);
    }
  }

  private static Path modules() {
    return Path.of(System.getProperty("java.home"), "lib", "modules");
  }

  @Test
  void holesGiveStorageBackAndReadAsZeros() throws LinuxException {
    try (LinuxFile file = LinuxFile.memory("holes", 0);
        Arena arena = Arena.ofConfined()) {
      file.truncate(1 << 20);
      assertThat(file.size()).isEqualTo(1 << 20);
      assertThat(file.allocatedBytes()).isZero();
      assertThat(file.allocate(0, 0, 1 << 20)).isZero();
      assertThat(file.allocatedBytes()).isEqualTo(1 << 20);

      MemorySegment buffer = arena.allocate(8192);
      buffer.fill((byte) 3);
      assertThat(file.write(0, buffer, 0, 8192)).isEqualTo(8192);
      assertThat(file.punchHole(0, 1 << 19)).isZero();
      assertThat(file.allocatedBytes()).isEqualTo(1 << 19);
      assertThat(file.size()).isEqualTo(1 << 20);
      assertThat(file.read(4096, buffer, 0, 4096)).isEqualTo(4096);
      assertThat(buffer.get(JAVA_BYTE, 0)).isZero();
      assertThat(buffer.get(JAVA_BYTE, 4096)).isEqualTo((byte) 3);
    }
  }

  @Test
  void allocatingAndPunchingAllocateNoJavaObject() throws LinuxException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long self = Thread.currentThread().threadId();
    try (LinuxFile file = LinuxFile.memory("allocations", 0)) {
      file.truncate(1 << 20);
      cycles(file);
      long allocated = Long.MAX_VALUE;
      // Where CPUs are busy late compilation spoils rounds; a call that allocates would spoil every
      // one.
      for (int round = 0; round < 50 && allocated >= 4096; round++) {
        long before = threads.getThreadAllocatedBytes(self);
        cycles(file);
        allocated = threads.getThreadAllocatedBytes(self) - before;
      }
      assertThat(allocated).isLessThan(4096);
    }
  }

  // Many calls of a short loop, so that the compiler replaces the loop, too, while warming up.
  private static void cycles(LinuxFile file) {
    int failures = 0;
    for (int i = 0; i < 500; i++) {
      failures += thousandCycles(file);
    }
    assertThat(failures).isZero();
  }

  private static int thousandCycles(LinuxFile file) {
    int failures = 0;
    for (int i = 0; i < 1000; i++) {
      failures += file.allocate(0, 8192, 4096);
      failures += file.punchHole(8192, 4096);
    }
    return failures;
  }

  @Test
  void aLockExcludesOtherOpenFilesUntilItIsClosed() throws Exception {
    Path path = directory.resolve("lock");
    LinuxFile first = LinuxFile.open(path, LinuxFile.O_RDWR | LinuxFile.O_CREAT, 0600);
    assertThat(first.tryLock(true)).isTrue();
    try (LinuxFile second = LinuxFile.open(path, LinuxFile.O_RDWR, 0)) {
      assertThat(second.tryLock(true)).isFalse();
      first.close();
      assertThat(second.tryLock(true)).isTrue();
    }
    assertThat(Files.size(path)).isZero();
  }

  @Test
  void openingNamesTheMissingFile() {
    assertThatThrownBy(() -> LinuxFile.open(Path.of("/nonexistent"), LinuxFile.O_RDONLY, 0))
        .isInstanceOfSatisfying(
            LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errnos.ENOENT))
        .hasMessage("open /nonexistent: No such file or directory (ENOENT)");
  }

  @Test
  void heapMemoryAndClosedFilesAreRefused() throws LinuxException {
    LinuxFile file = LinuxFile.memory("refusals", 0);
    MemorySegment heap = MemorySegment.ofArray(new byte[16]);
    assertThatThrownBy(() -> file.read(0, heap, 0, 16)).hasMessageContaining("Java heap");
    file.close();
    file.close();
    assertThatThrownBy(file::size).hasMessageContaining("is closed");
  }
}
