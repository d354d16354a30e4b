package io.zublk.ublk.examples;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.BlockStatus;
import io.zublk.block.Errno;
import io.zublk.block.Geometry;
import io.zublk.uring.sys.Memory;
import java.lang.foreign.MemorySegment;

/**
 * A disk in memory, uncompressed: the yardstick for what compression costs. Run it with {@code java
 * io.zublk.ublk.examples.RamDevice [--threads=N] [--batch-io] [--recoverable] [--polling |
 * --switch-polling] SIZE_MIB [QUEUES [CPU...]]}.
 */
public record RamDevice(Geometry geometry, MemorySegment memory) implements BlockDevice {

  /** Serves a memory disk until the process is told to end. */
  public static void main(String[] arguments) throws InterruptedException {
    Example.serve(shape -> new RamDevice(shape, Memory.mapAnonymous(shape.sizeBytes())), arguments);
  }

  @Override
  public BlockChannel openChannel() {
    return new RamChannel();
  }

  private final class RamChannel implements BlockChannel {
    @Override
    public int read(long position, MemorySegment buffer, long offset, int length) {
      if (!geometry.contains(position, length)) {
        return -Errno.EINVAL;
      }
      MemorySegment.copy(memory, position, buffer, offset, length);
      return 0;
    }

    @Override
    public int write(long position, MemorySegment buffer, long offset, int length) {
      if (!geometry.contains(position, length)) {
        return -Errno.EINVAL;
      }
      MemorySegment.copy(buffer, offset, memory, position, length);
      return 0;
    }

    @Override
    public int discard(long position, long length) {
      if (!geometry.contains(position, length)) {
        return -Errno.EINVAL;
      }
      long first = position + Geometry.PAGE_BYTES - 1 & -Geometry.PAGE_BYTES;
      long end = position + length & -Geometry.PAGE_BYTES;
      return end > first ? Memory.advise(memory, first, end - first, Memory.MADV_DONTNEED) : 0;
    }

    @Override
    public int writeZeroes(long position, long length, boolean mayUnmap) {
      if (!geometry.contains(position, length)) {
        return -Errno.EINVAL;
      }
      memory.asSlice(position, length).fill((byte) 0);
      return 0;
    }

    @Override
    public int flush() {
      return 0;
    }

    @Override
    public long status(long position, long length) {
      return BlockStatus.of(length, 0);
    }

    @Override
    public void close() {}
  }
}
