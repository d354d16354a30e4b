package io.zublk.ublk.examples;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.zublk.uring.sys.Syscall;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Makes a queue thread fail as only the kernel could: it cannot enter its ring any more. */
public final class RingBreaker {

  private static final int UNREGISTER_RING_FDS = 21;
  private static final int INDEXES = 16;

  // struct io_uring_rsrc_update.
  private static final int UPDATE_BYTES = 16;

  private RingBreaker() {}

  /** Takes the indexes away by which this thread names its rings. */
  public static void breakRingsOfThisThread() {
    try (Arena arena = Arena.ofConfined();
        Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      MemorySegment updates = arena.allocate(INDEXES * UPDATE_BYTES, Long.BYTES);
      for (int index = 0; index < INDEXES; index++) {
        updates.set(JAVA_INT, (long) index * UPDATE_BYTES, index);
      }
      // A ring of another thread refuses.
      if (descriptors.filter(RingBreaker::isRing).noneMatch(ring -> unregister(ring, updates))) {
        throw new IllegalStateException("no ring of this thread's");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean unregister(Path ring, MemorySegment updates) {
    int fd = Integer.parseInt(ring.getFileName().toString());
    long address = updates.address();
    return Syscall.call(Syscall.IO_URING_REGISTER, fd, UNREGISTER_RING_FDS, address, INDEXES, 0, 0)
        == INDEXES;
  }

  private static boolean isRing(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().equals("anon_inode:[io_uring]");
    } catch (IOException e) {
      return false; // closed meanwhile
    }
  }
}
