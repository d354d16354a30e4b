package io.zublk.nbd;

import io.zublk.block.BlockChannel;
import io.zublk.block.Errno;
import java.lang.foreign.MemorySegment;

/** Turns what a faulty device throws into EIO: one request fails, the connection goes on. */
final class GuardedChannel implements BlockChannel {

  private static final System.Logger LOG = System.getLogger("io.zublk.nbd");

  private final BlockChannel channel;

  GuardedChannel(BlockChannel channel) {
    this.channel = channel;
  }

  @Override
  public int read(long position, MemorySegment buffer, long offset, int length) {
    try {
      return channel.read(position, buffer, offset, length);
    } catch (RuntimeException e) {
      return fault(e);
    }
  }

  @Override
  public int write(long position, MemorySegment buffer, long offset, int length) {
    try {
      return channel.write(position, buffer, offset, length);
    } catch (RuntimeException e) {
      return fault(e);
    }
  }

  @Override
  public int discard(long position, long length) {
    try {
      return channel.discard(position, length);
    } catch (RuntimeException e) {
      return fault(e);
    }
  }

  @Override
  public int writeZeroes(long position, long length, boolean mayUnmap) {
    try {
      return channel.writeZeroes(position, length, mayUnmap);
    } catch (RuntimeException e) {
      return fault(e);
    }
  }

  @Override
  public int flush() {
    try {
      return channel.flush();
    } catch (RuntimeException e) {
      return fault(e);
    }
  }

  @Override
  public long status(long position, long length) {
    try {
      return channel.status(position, length);
    } catch (RuntimeException e) {
      return fault(e);
    }
  }

  @Override
  public void close() {
    channel.close();
  }

  private static int fault(RuntimeException e) {
    LOG.log(System.Logger.Level.ERROR, "the device failed unexpectedly; the request gets EIO", e);
    return -Errno.EIO;
  }
}
