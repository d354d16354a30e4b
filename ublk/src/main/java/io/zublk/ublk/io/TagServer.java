package io.zublk.ublk.io;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.zublk.block.BlockChannel;
import io.zublk.block.Errno;
import io.zublk.block.RateLimitedLog;
import io.zublk.block.ThreadCounters;
import io.zublk.ublk.UblkCounter;
import io.zublk.ublk.UblkDeviceInfo;
import io.zublk.ublk.abi.UblkAbi;
import java.lang.foreign.MemorySegment;

/**
 * Has the device serve the request in a tag, from or to the tag's buffer. Allocates nothing.
 *
 * <p>Used by one queue thread.
 */
final class TagServer {

  /** No result yet: the device answers the request later. No request has this result. */
  static final int LATE = Integer.MIN_VALUE;

  private final int maxIoBytes;
  private final QueueMemory memory;
  private final MemorySegment descriptors;
  private final MemorySegment buffers;
  private final BlockChannel channel;
  private final LateRequests late;
  private final ThreadCounters<UblkCounter> counters;
  private final RateLimitedLog log;
  private final String fault;

  /** By tag that holds a write: whether the device has been asked for the flush after it. */
  private final boolean[] flushing;

  private boolean largeBuffers;

  TagServer(
      UblkDeviceInfo device,
      QueueMemory memory,
      BlockChannel channel,
      LateRequests late,
      ThreadCounters<UblkCounter> counters,
      RateLimitedLog log) {
    this.maxIoBytes = device.maxIoBytes();
    this.memory = memory;
    this.descriptors = memory.descriptors();
    this.buffers = memory.buffers();
    this.channel = channel;
    this.late = late;
    this.flushing = new boolean[device.depth()];
    this.counters = counters;
    this.log = log;
    this.fault = device.blockPath() + ": the store threw; the request gets EIO, the device goes on";
  }

  /**
   * Whether large requests have left buffers that hold more than {@link QueueMemory} keeps, and no
   * late request needs them any more.
   */
  boolean canShrinkBuffers() {
    return largeBuffers && !late.any();
  }

  /** Gives such buffers' memory back; none of the tags may hold a request. */
  void shrinkBuffers(TagRange tags) {
    assert !late.any();
    memory.giveBack(tags);
    largeBuffers = false;
  }

  /** Serves the request in a tag; returns what the driver is to be told, or {@link #LATE}. */
  int serve(int tag) {
    int opFlags = opFlags(tag);
    long length = length(tag);
    long position = sector(tag) << UblkAbi.SECTOR_SHIFT;
    late.begin(tag);
    try {
      return switch (opFlags & UblkAbi.OP_MASK) {
        case UblkAbi.OP_READ -> read(tag, position, length);
        case UblkAbi.OP_WRITE -> write(tag, position, length, (opFlags & UblkAbi.FLAG_FUA) != 0);
        case UblkAbi.OP_FLUSH -> flush();
        case UblkAbi.OP_DISCARD -> discard(position, length);
        case UblkAbi.OP_WRITE_ZEROES ->
            writeZeroes(position, length, (opFlags & UblkAbi.FLAG_NOUNMAP) == 0);
        default -> failed(UblkCounter.FAILED_OTHERS, -Errno.EOPNOTSUPP);
      };
    } catch (Throwable t) {
      return thrown(t);
    }
  }

  /**
   * Goes on with a request that the device has answered late.
   *
   * @param answer 0 or a negative errno
   * @return as {@link #serve} does
   */
  int goOn(int tag, int answer) {
    late.begin(tag);
    try {
      return switch (opFlags(tag) & UblkAbi.OP_MASK) {
        case UblkAbi.OP_READ -> ended(UblkCounter.READ_BYTES, length(tag), answer);
        case UblkAbi.OP_WRITE -> goOnWriting(tag, answer);
        default -> ended(answer);
      };
    } catch (Throwable t) {
      return thrown(t);
    }
  }

  private int goOnWriting(int tag, int answer) {
    boolean durably = (opFlags(tag) & UblkAbi.FLAG_FUA) != 0;
    return answer == 0 && durably && !flushing[tag]
        ? flushAfterWrite(tag, length(tag))
        : ended(UblkCounter.WRITTEN_BYTES, length(tag), answer);
  }

  private int flushAfterWrite(int tag, long length) {
    flushing[tag] = true;
    return ended(UblkCounter.WRITTEN_BYTES, length, said(channel.flush()));
  }

  // The user of the disk gets an error; the other requests, and the disk, live on.
  private int thrown(Throwable t) {
    log.fault(fault, t);
    int result = failed(UblkCounter.EXCEPTIONS, -Errno.EIO);
    return late.isAnsweredBeforeWithdrawn() ? LATE : result;
  }

  /** What the device has said to an operation: {@code LATE} if it has a ticket, and only then. */
  private int said(int error) {
    if ((error == BlockChannel.LATE) != late.isPostponed()) {
      throw new IllegalStateException(
          "the device says %d, and has %s ticket to answer"
              .formatted(error, late.isPostponed() ? "a" : "no"));
    }
    return error;
  }

  private int opFlags(int tag) {
    return descriptors.get(JAVA_INT, descriptor(tag) + UblkAbi.DESCRIPTOR_OP_FLAGS);
  }

  private long length(int tag) {
    int sectors = descriptors.get(JAVA_INT, descriptor(tag) + UblkAbi.DESCRIPTOR_SECTORS);
    return Integer.toUnsignedLong(sectors) << UblkAbi.SECTOR_SHIFT;
  }

  private long sector(int tag) {
    return descriptors.get(JAVA_LONG, descriptor(tag) + UblkAbi.DESCRIPTOR_START_SECTOR);
  }

  private static long descriptor(int tag) {
    return (long) tag * UblkAbi.DESCRIPTOR_BYTES;
  }

  private int read(int tag, long position, long length) {
    counters.add(UblkCounter.READS, 1);
    if (length > maxIoBytes) {
      return failed(UblkCounter.FAILED_READS, -Errno.EINVAL);
    }
    largeBuffers |= memory.touch(tag, (int) length);
    int error = said(channel.read(position, buffers, memory.offset(tag), (int) length));
    return ended(UblkCounter.READ_BYTES, length, error);
  }

  private int write(int tag, long position, long length, boolean durably) {
    counters.add(UblkCounter.WRITES, 1);
    if (length > maxIoBytes) {
      return failed(UblkCounter.FAILED_WRITES, -Errno.EINVAL);
    }
    largeBuffers |= memory.touch(tag, (int) length);
    flushing[tag] = false;
    int error = said(channel.write(position, buffers, memory.offset(tag), (int) length));
    return error == 0 && durably
        ? flushAfterWrite(tag, length)
        : ended(UblkCounter.WRITTEN_BYTES, length, error);
  }

  private int flush() {
    counters.add(UblkCounter.FLUSHES, 1);
    return ended(said(channel.flush()));
  }

  private int discard(long position, long length) {
    counters.add(UblkCounter.DISCARDS, 1);
    return ended(said(channel.discard(position, length)));
  }

  private int writeZeroes(long position, long length, boolean mayUnmap) {
    counters.add(UblkCounter.WRITE_ZEROES, 1);
    return ended(said(channel.writeZeroes(position, length, mayUnmap)));
  }

  /** The end of an operation that moves bytes, which are its result. */
  private int ended(UblkCounter moved, long length, int error) {
    if (error != 0) {
      return failed(
          moved == UblkCounter.READ_BYTES ? UblkCounter.FAILED_READS : UblkCounter.FAILED_WRITES,
          error);
    }
    counters.add(moved, length);
    return (int) length;
  }

  /** The end of an operation that moves none. */
  private int ended(int error) {
    return error == 0 ? 0 : failed(UblkCounter.FAILED_OTHERS, error);
  }

  private int failed(UblkCounter counter, int error) {
    assert error < 0 || error == BlockChannel.LATE : "the device answers " + error;
    if (error == BlockChannel.LATE) {
      return LATE;
    }
    counters.add(counter, 1);
    return error;
  }
}
