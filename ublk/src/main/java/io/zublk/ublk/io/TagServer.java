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

/** Has the device serve the request in a tag, from or to the tag's buffer. Allocates nothing. */
final class TagServer {

  private final int maxIoBytes;
  private final QueueMemory memory;
  private final MemorySegment descriptors;
  private final MemorySegment buffers;
  private final BlockChannel channel;
  private final ThreadCounters<UblkCounter> counters;
  private final RateLimitedLog log;
  private final String fault;
  private boolean largeBuffers;

  TagServer(
      UblkDeviceInfo device,
      QueueMemory memory,
      BlockChannel channel,
      ThreadCounters<UblkCounter> counters,
      RateLimitedLog log) {
    this.maxIoBytes = device.maxIoBytes();
    this.memory = memory;
    this.descriptors = memory.descriptors();
    this.buffers = memory.buffers();
    this.channel = channel;
    this.counters = counters;
    this.log = log;
    this.fault = device.blockPath() + ": the store threw; the request gets EIO, the device goes on";
  }

  /** Whether large requests have left buffers that hold more than {@link QueueMemory} keeps. */
  boolean hasLargeBuffers() {
    return largeBuffers;
  }

  /** Gives such buffers' memory back; none of the tags may hold a request. */
  void shrinkBuffers(TagRange tags) {
    memory.giveBack(tags);
    largeBuffers = false;
  }

  /** Serves the request in a tag; returns what the driver is to be told. */
  int serve(int tag) {
    long descriptor = (long) tag * UblkAbi.DESCRIPTOR_BYTES;
    int opFlags = descriptors.get(JAVA_INT, descriptor + UblkAbi.DESCRIPTOR_OP_FLAGS);
    int sectors = descriptors.get(JAVA_INT, descriptor + UblkAbi.DESCRIPTOR_SECTORS);
    long sector = descriptors.get(JAVA_LONG, descriptor + UblkAbi.DESCRIPTOR_START_SECTOR);
    long length = Integer.toUnsignedLong(sectors) << UblkAbi.SECTOR_SHIFT;
    long position = sector << UblkAbi.SECTOR_SHIFT;
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
      // The user of the disk gets an error; the other requests, and the disk, live on.
      log.fault(fault, t);
      return failed(UblkCounter.EXCEPTIONS, -Errno.EIO);
    }
  }

  private int read(int tag, long position, long length) {
    counters.add(UblkCounter.READS, 1);
    if (length > maxIoBytes) {
      return failed(UblkCounter.FAILED_READS, -Errno.EINVAL);
    }
    largeBuffers |= memory.touch(tag, (int) length);
    int error = channel.read(position, buffers, memory.offset(tag), (int) length);
    if (error != 0) {
      return failed(UblkCounter.FAILED_READS, error);
    }
    counters.add(UblkCounter.READ_BYTES, length);
    return (int) length;
  }

  private int write(int tag, long position, long length, boolean durably) {
    counters.add(UblkCounter.WRITES, 1);
    if (length > maxIoBytes) {
      return failed(UblkCounter.FAILED_WRITES, -Errno.EINVAL);
    }
    largeBuffers |= memory.touch(tag, (int) length);
    int error = channel.write(position, buffers, memory.offset(tag), (int) length);
    if (error == 0 && durably) {
      error = channel.flush();
    }
    if (error != 0) {
      return failed(UblkCounter.FAILED_WRITES, error);
    }
    counters.add(UblkCounter.WRITTEN_BYTES, length);
    return (int) length;
  }

  private int flush() {
    counters.add(UblkCounter.FLUSHES, 1);
    int error = channel.flush();
    return error == 0 ? 0 : failed(UblkCounter.FAILED_OTHERS, error);
  }

  private int discard(long position, long length) {
    counters.add(UblkCounter.DISCARDS, 1);
    int error = channel.discard(position, length);
    return error == 0 ? 0 : failed(UblkCounter.FAILED_OTHERS, error);
  }

  private int writeZeroes(long position, long length, boolean mayUnmap) {
    counters.add(UblkCounter.WRITE_ZEROES, 1);
    int error = channel.writeZeroes(position, length, mayUnmap);
    return error == 0 ? 0 : failed(UblkCounter.FAILED_OTHERS, error);
  }

  private int failed(UblkCounter counter, int error) {
    counters.add(counter, 1);
    return error;
  }
}
