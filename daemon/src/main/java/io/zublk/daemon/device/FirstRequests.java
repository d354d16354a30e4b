package io.zublk.daemon.device;

import io.zublk.block.Geometry;
import io.zublk.daemon.UserException;
import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Requests to the disk of a swap device before anybody else's. In a JVM's first thousands of
 * requests a thread that serves them asks the kernel for memory now and then, for classes, for
 * counts of what runs often, or for the C library's allocator. While the machine has none, that
 * thread would wait for memory that only it can make.
 */
final class FirstRequests implements AutoCloseable {

  /** Writes, and as many reads: the JVM compiles what has run 200 times, and counts it then. */
  private static final int COUNT = 2048;

  private static final int PAGES = 1024;
  private static final int LARGE_BYTES = 128 << 10;

  /** Where all is slow, whoever creates the device does not wait for ever. */
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final LinuxFile disk;
  private final MemorySegment buffer;
  private final int pages;

  /** To a device of so many bytes, 128 KiB at least; to a smaller one there are none. */
  FirstRequests(Path disk, long deviceBytes) throws LinuxException {
    this.disk = LinuxFile.open(disk, LinuxFile.O_RDWR | LinuxFile.O_DIRECT, 0);
    this.buffer = Memory.mapAnonymous(LARGE_BYTES);
    this.pages = (int) Math.min(PAGES, (deviceBytes - LARGE_BYTES) / Geometry.PAGE_BYTES);
  }

  /** Of a device without contents, of which this leaves some. */
  void make() {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    for (int i = 0; i < COUNT && pages > 0 && System.nanoTime() < deadline; i++) {
      int length = i % 64 == 0 ? LARGE_BYTES : Geometry.PAGE_BYTES;
      long position = (long) (i % pages) * Geometry.PAGE_BYTES;
      fill(length);
      require(disk.write(position, buffer, 0, length));
      require(disk.read(position, buffer, 0, length));
      if (i % 16 == 0) {
        require(disk.punchHole(position, length));
      }
    }
  }

  /** With pages that are of all sizes when they are compressed. */
  private void fill(int length) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    for (int page = 0; page < length; page += Geometry.PAGE_BYTES) {
      buffer.asSlice(page, Geometry.PAGE_BYTES).fill((byte) random.nextInt());
      int noise = random.nextInt(Geometry.PAGE_BYTES);
      for (int at = 0; at + Long.BYTES <= noise; at += Long.BYTES) {
        buffer.set(ValueLayout.JAVA_LONG, page + at, random.nextLong());
      }
    }
  }

  private void require(long result) {
    if (result < 0) {
      throw new UserException(
          "a first request to %s failed: %s".formatted(disk, Errnos.message((int) -result)));
    }
  }

  @Override
  public void close() {
    Memory.unmap(buffer);
    disk.close();
  }
}
