package io.zublk.nbd;

import io.zublk.block.BlockChannel;
import io.zublk.block.Errno;
import io.zublk.block.RateLimitedLog;
import java.lang.foreign.MemorySegment;

/**
 * Turns whatever a faulty device throws, errors included, into EIO: one request fails, the
 * connection and the thread go on.
 */
final class GuardedChannel implements BlockChannel {

  private final BlockChannel channel;
  private final RateLimitedLog log;

  GuardedChannel(BlockChannel channel, RateLimitedLog log) {
    this.channel = channel;
    this.log = log;
  }

  @Override
  public int read(long position, MemorySegment buffer, long offset, int length) {
    try {
      return channel.read(position, buffer, offset, length);
    } catch (Throwable e) {
      return fault(e);
    }
  }

  @Override
  public int write(long position, MemorySegment buffer, long offset, int length) {
    try {
      return channel.write(position, buffer, offset, length);
    } catch (Throwable e) {
      return fault(e);
    }
  }

  @Override
  public int discard(long position, long length) {
    try {
      return channel.discard(position, length);
    } catch (Throwable e) {
      return fault(e);
    }
  }

  @Override
  public int writeZeroes(long position, long length, boolean mayUnmap) {
    try {
      return channel.writeZeroes(position, length, mayUnmap);
    } catch (Throwable e) {
      return fault(e);
    }
  }

  @Override
  public int flush() {
    try {
      return channel.flush();
    } catch (Throwable e) {
      return fault(e);
    }
  }

  @Override
  public long status(long position, long length) {
    try {
      return channel.status(position, length);
    } catch (Throwable e) {
      return fault(e);
    }
  }

  @Override
  public void close() {
    channel.close();
  }

  private int fault(Throwable e) {
    log.fault("the device failed unexpectedly; the request gets EIO", e);
    return -Errno.EIO;
  }
}
