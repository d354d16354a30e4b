package io.zublk.ublk.examples;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.BlockStatus;
import io.zublk.block.Geometry;
import java.lang.foreign.MemorySegment;

/**
 * A disk that forgets what is written and reads whatever is in the buffer: what remains is the cost
 * of the transport. Run it with {@code java io.zublk.ublk.examples.NullDevice [--threads=N]
 * [--batch-io] [--recoverable] [--polling | --switch-polling] SIZE_MIB [QUEUES [CPU...]]}.
 */
public record NullDevice(Geometry geometry) implements BlockDevice {

  @Override
  public BlockChannel openChannel() {
    return new NullChannel();
  }

  /** Serves a null disk until the process is told to end. */
  public static void main(String[] arguments) throws InterruptedException {
    Example.serve(NullDevice::new, arguments);
  }

  private static final class NullChannel implements BlockChannel {
    @Override
    public int read(long position, MemorySegment buffer, long offset, int length) {
      return 0;
    }

    @Override
    public int write(long position, MemorySegment buffer, long offset, int length) {
      return 0;
    }

    @Override
    public int discard(long position, long length) {
      return 0;
    }

    @Override
    public int writeZeroes(long position, long length, boolean mayUnmap) {
      return 0;
    }

    @Override
    public int flush() {
      return 0;
    }

    @Override
    public long status(long position, long length) {
      return BlockStatus.of(length, BlockStatus.HOLE);
    }

    @Override
    public void close() {}
  }
}
