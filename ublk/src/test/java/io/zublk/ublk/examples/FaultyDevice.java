package io.zublk.ublk.examples;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.Errno;
import io.zublk.block.Geometry;
import io.zublk.uring.sys.Memory;
import java.lang.foreign.MemorySegment;

/**
 * A disk in memory with faults: what begins in its second MiB makes it throw an exception, in the
 * third an Error, in the fourth is answered with EIO, and in the fifth breaks the ring of the
 * thread that serves it. Run it as {@link RamDevice}.
 */
public record FaultyDevice(BlockDevice memory) implements BlockDevice {

  private static final int EXCEPTION = 1;
  private static final int ERROR = 2;
  private static final int EIO = 3;
  private static final int BROKEN_RING = 4;

  /** Serves a faulty disk until it breaks, or the process is told to end. */
  public static void main(String[] arguments) throws InterruptedException {
    Example.serve(
        shape -> new FaultyDevice(new RamDevice(shape, Memory.mapAnonymous(shape.sizeBytes()))),
        arguments);
  }

  @Override
  public Geometry geometry() {
    return memory.geometry();
  }

  @Override
  public BlockChannel openChannel() {
    return new FaultyChannel(memory.openChannel());
  }

  private record FaultyChannel(BlockChannel channel) implements BlockChannel {

    private static int fault(long position) {
      return switch ((int) (position >> 20)) {
        case EXCEPTION -> throw new IllegalStateException("a fault in the store");
        case ERROR -> throw new AssertionError("a grave fault in the store");
        case EIO -> -Errno.EIO;
        case BROKEN_RING -> {
          RingBreaker.breakRingOfThisThread();
          yield 0;
        }
        default -> 0;
      };
    }

    @Override
    public int read(long position, MemorySegment buffer, long offset, int length) {
      int error = fault(position);
      return error != 0 ? error : channel.read(position, buffer, offset, length);
    }

    @Override
    public int write(long position, MemorySegment buffer, long offset, int length) {
      int error = fault(position);
      return error != 0 ? error : channel.write(position, buffer, offset, length);
    }

    @Override
    public int discard(long position, long length) {
      return channel.discard(position, length);
    }

    @Override
    public int writeZeroes(long position, long length, boolean mayUnmap) {
      return channel.writeZeroes(position, length, mayUnmap);
    }

    @Override
    public int flush() {
      return channel.flush();
    }

    @Override
    public long status(long position, long length) {
      return channel.status(position, length);
    }

    @Override
    public void close() {
      channel.close();
    }
  }
}
