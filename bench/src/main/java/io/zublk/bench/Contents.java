package io.zublk.bench;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.daemon.UserException;
import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Writes a data set to a target, and tells whether it is still there. */
final class Contents {

  private static final int IO_BYTES = 1 << 20;

  private Contents() {}

  /** Writes all of {@code data} from the target's start on. */
  static void fill(Target target, MemorySegment data) throws IOException {
    try (Lane lane = target.openLane()) {
      for (long at = 0; at < data.byteSize(); at += IO_BYTES) {
        Cleanup.throwIfInterrupted();
        int length = (int) Math.min(IO_BYTES, data.byteSize() - at);
        check(lane.write(at, data, at, length), "write", target, at);
      }
    }
  }

  /**
   * Reads the target back.
   *
   * @throws UserException naming the first page that differs from {@code data}
   */
  static void verify(Target target, MemorySegment data) throws IOException {
    MemorySegment buffer = Memory.mapAnonymous(IO_BYTES);
    try (Lane lane = target.openLane()) {
      for (long at = 0; at < data.byteSize(); at += IO_BYTES) {
        Cleanup.throwIfInterrupted();
        int length = (int) Math.min(IO_BYTES, data.byteSize() - at);
        check(lane.read(at, buffer, 0, length), "read", target, at);
        long differs = MemorySegment.mismatch(buffer, 0, length, data, at, at + length);
        if (differs >= 0) {
          throw new UserException(
              "%s returned wrong data: page %d differs from what was written, at byte %d of it"
                  .formatted(target.name(), (at + differs) / PAGE_BYTES, differs % PAGE_BYTES));
        }
      }
    } finally {
      Memory.unmap(buffer);
    }
  }

  private static void check(int result, String what, Target target, long at) {
    if (result != 0) {
      Cleanup.throwIfInterrupted(); // which closes sockets
      throw new UserException(
          "cannot %s page %d of %s: %s"
              .formatted(what, at / PAGE_BYTES, target.name(), Errnos.name(-result)));
    }
  }
}
