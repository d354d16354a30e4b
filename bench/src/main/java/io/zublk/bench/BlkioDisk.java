package io.zublk.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A disk as a program has it that uses libblkio: one queue, several requests at a time in it, their
 * buffers in memory that the driver knows. For one thread.
 */
final class BlkioDisk implements AutoCloseable {

  /** So many at a time. */
  static final int MOST_REQUESTS = 128;

  /** {@code struct blkio_mem_region} begins with its address; {@code struct blkio_completion}. */
  private static final int REGION_BYTES = 40;

  private static final int COMPLETION_BYTES = 32;
  private static final int RESULT = 16;

  private final Blkio library;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment disk;
  private final MemorySegment queue;
  private final MemorySegment completions;
  private final MemorySegment memory;

  /**
   * Opens a disk.
   *
   * @param driver such as {@code virtio-blk-vhost-user} or {@code io_uring}
   * @param path of a socket or a block device
   * @param polls whether to look for answers all the while, instead of sleeping until one comes
   * @param bytes of memory for buffers
   */
  BlkioDisk(Blkio library, String driver, String path, boolean polls, long bytes)
      throws IOException {
    this.library = library;
    this.completions = arena.allocate((long) MOST_REQUESTS * COMPLETION_BYTES, Long.BYTES);
    try {
      MemorySegment pointer = arena.allocate(ADDRESS);
      library.require(
          "create", (int) library.create().invokeExact(arena.allocateFrom(driver), pointer));
      disk = pointer.get(ADDRESS, 0);
      set("path", path);
      if (driver.equals("io_uring")) {
        MemorySegment direct = arena.allocateFrom("direct");
        library.require("direct", (int) library.setFlag().invokeExact(disk, direct, true));
      }
      library.require("connect", (int) library.connect().invokeExact(disk));
      set("num-queues", polls ? 0 : 1);
      set("num-poll-queues", polls ? 1 : 0);
      library.require("start", (int) library.start().invokeExact(disk));
      MemorySegment region = arena.allocate(REGION_BYTES, Long.BYTES);
      library.require("allocate", (int) library.allocate().invokeExact(disk, region, bytes));
      library.require("map", (int) library.map().invokeExact(disk, region));
      memory = region.get(ADDRESS, 0).reinterpret(bytes);
      queue =
          polls
              ? (MemorySegment) library.pollQueue().invokeExact(disk, 0)
              : (MemorySegment) library.queue().invokeExact(disk, 0);
    } catch (IOException | RuntimeException | Error e) {
      arena.close();
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private void set(String property, String value) throws Throwable {
    int result =
        (int)
            library
                .setString()
                .invokeExact(disk, arena.allocateFrom(property), arena.allocateFrom(value));
    library.require(property, result);
  }

  private void set(String property, int value) throws Throwable {
    int result = (int) library.setInt().invokeExact(disk, arena.allocateFrom(property), value);
    library.require(property, result);
  }

  /** The memory for buffers. */
  MemorySegment memory() {
    return memory;
  }

  /** Puts a request into the queue; {@code tag} is what its completion is known by. */
  void submit(boolean write, long position, long bufferAt, int length, int tag) {
    long buffer = memory.address() + bufferAt;
    try {
      if (write) {
        library.write().invokeExact(queue, position, buffer, (long) length, (long) tag, 0);
      } else {
        library.read().invokeExact(queue, position, buffer, (long) length, (long) tag, 0);
      }
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Sends what was submitted, and waits for at least one completion; how many came. */
  int await() throws IOException {
    try {
      int done =
          (int)
              library
                  .perform()
                  .invokeExact(queue, completions, 1, MOST_REQUESTS, MemorySegment.NULL);
      return library.require("do I/O", done);
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** The tag of a completion. */
  int tag(int index) throws IOException {
    long at = (long) index * COMPLETION_BYTES;
    int result = completions.get(JAVA_INT, at + RESULT);
    if (result != 0) {
      throw new IOException("a request failed with errno " + -result);
    }
    return (int) completions.get(ADDRESS, at).address();
  }

  @Override
  public void close() {
    MemorySegment pointer = arena.allocate(ADDRESS);
    pointer.set(ADDRESS, 0, disk);
    try {
      library.destroy().invokeExact(pointer);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
    arena.close();
  }
}
