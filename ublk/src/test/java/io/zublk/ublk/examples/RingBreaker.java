package io.zublk.ublk.examples;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.zublk.uring.sys.Syscall;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Makes a queue thread fail as only the kernel could: it cannot enter its ring any more. */
public final class RingBreaker {

  private static final int REGISTER_RING_FDS = 20;
  private static final int UNREGISTER_RING_FDS = 21;
  private static final int ANY_INDEX = -1;

  /** By which a thread that has one ring names it. */
  private static final int FIRST_INDEX = 0;

  // struct io_uring_rsrc_update: offset@0:4 resv@4:4 data@8:8.
  private static final int UPDATE_BYTES = 16;

  private RingBreaker() {}

  /** Gives the ring of this thread another index than the one by which it is entered. */
  public static void breakRingOfThisThread() {
    List<Integer> rings = rings();
    // A ring of another thread refuses. The thread goes on holding its own: that lives as long.
    long moved = rings.stream().filter(ring -> register(ring, ANY_INDEX, ring)).count();
    if (moved == 0) {
      throw new IllegalStateException("no ring of this thread's");
    }
    rings.forEach(ring -> unregister(ring, FIRST_INDEX));
  }

  private static List<Integer> rings() {
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return descriptors
          .filter(RingBreaker::isRing)
          .map(ring -> Integer.valueOf(ring.getFileName().toString()))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isRing(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().equals("anon_inode:[io_uring]");
    } catch (IOException e) {
      return false; // closed meanwhile
    }
  }

  private static boolean register(int ring, int index, int fd) {
    return update(ring, REGISTER_RING_FDS, index, fd);
  }

  private static void unregister(int ring, int index) {
    update(ring, UNREGISTER_RING_FDS, index, 0);
  }

  private static boolean update(int ring, int operation, int index, int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment update = arena.allocate(UPDATE_BYTES, Long.BYTES);
      update.set(JAVA_INT, 0, index);
      update.set(JAVA_LONG, Long.BYTES, fd);
      long address = update.address();
      return Syscall.call(Syscall.IO_URING_REGISTER, ring, operation, address, 1, 0, 0) == 1;
    }
  }
}
