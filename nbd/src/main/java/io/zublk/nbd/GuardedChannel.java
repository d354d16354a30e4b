package io.zublk.nbd;

import io.zublk.block.BlockChannel;
import io.zublk.block.Errno;
import io.zublk.block.RateLimitedLog;
import java.lang.foreign.MemorySegment;

/**
 * Turns whatever a faulty device throws, errors included, into EIO: one request fails, the
 * connection and the thread go on. {@code LATE} passes only where somebody waits for the answer.
 */
final class GuardedChannel implements BlockChannel {

  private final BlockChannel channel;
  private final LateOperations late;
  private final RateLimitedLog log;

  /**
   * Guards a channel.
   *
   * @param late those of the channel, null if it was opened without
   */
  GuardedChannel(BlockChannel channel, LateOperations late, RateLimitedLog log) {
    this.channel = channel;
    this.late = late;
    this.log = log;
  }

  @Override
  public int read(long position, MemorySegment buffer, long offset, int length) {
    try {
      return check(channel.read(position, buffer, offset, length));
    } catch (Throwable e) {
      return fault(e);
    }
  }

  @Override
  public int write(long position, MemorySegment buffer, long offset, int length) {
    try {
      return check(channel.write(position, buffer, offset, length));
    } catch (Throwable e) {
      return fault(e);
    }
  }

  @Override
  public int discard(long position, long length) {
    try {
      return check(channel.discard(position, length));
    } catch (Throwable e) {
      return fault(e);
    }
  }

  @Override
  public int writeZeroes(long position, long length, boolean mayUnmap) {
    try {
      return check(channel.writeZeroes(position, length, mayUnmap));
    } catch (Throwable e) {
      return fault(e);
    }
  }

  @Override
  public int flush() {
    try {
      return check(channel.flush());
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

  private int check(int result) {
    boolean postponed = late != null && late.postponed() != null;
    if (postponed == (result == LATE) && result <= LATE) {
      return result;
    }
    return fault(new IllegalStateException("a result of " + result));
  }

  private int fault(Throwable e) {
    if (late != null && late.postponed() != null) {
      late.withdraw();
    }
    log.fault("the device failed unexpectedly; the request gets EIO", e);
    return -Errno.EIO;
  }
}
