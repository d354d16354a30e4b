package io.zublk.vhost.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.Errno;
import io.zublk.block.Geometry;
import io.zublk.block.RateLimitedLog;
import io.zublk.block.ThreadCounters;
import io.zublk.vhost.VhostCounter;
import io.zublk.vhost.VhostOptions;
import io.zublk.vhost.memory.GuestFault;
import io.zublk.vhost.ring.Chain;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * Has the device serve the request in a chain. The device never sees the client's memory: bytes
 * travel through a buffer of ours, a large request's in parts. So codecs, native ones among them,
 * work on what nobody changes or takes away.
 *
 * <p>For one thread. Allocates nothing.
 */
final class RequestServer {

  /**
   * The size of the buffer, and so of the parts that a large request is served in: what a
   * second-level cache holds between the device and the copy.
   */
  static final int BUFFER_BYTES = 512 << 10;

  private static final String THREW =
      "the device failed unexpectedly; the request gets an error, the device goes on";

  private final BlockDevice device;
  private final VhostOptions options;
  private final BlockChannel channel;
  private final ThreadCounters<VhostCounter> counters;
  private final RateLimitedLog log;

  private final MemorySegment header = Arena.ofAuto().allocate(VirtioBlk.HEADER_BYTES, Long.BYTES);
  private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_BYTES, Geometry.PAGE_BYTES);
  private final MemorySegment serial = Arena.ofAuto().allocate(VhostOptions.SERIAL_BYTES);

  /** How many bytes the request under way has moved, either way. */
  private long moved;

  /** How many bytes of its chain it has written. */
  private long written;

  RequestServer(
      BlockDevice device,
      VhostOptions options,
      BlockChannel channel,
      ThreadCounters<VhostCounter> counters,
      RateLimitedLog log) {
    this.device = device;
    this.options = options;
    this.channel = channel;
    this.counters = counters;
    this.log = log;
    byte[] text = options.serial().getBytes(StandardCharsets.US_ASCII);
    MemorySegment.copy(text, 0, serial, JAVA_BYTE, 0, text.length);
  }

  /** How many bytes the last request has moved, either way. */
  long moved() {
    return moved;
  }

  /** Serves a request; returns how many bytes of its chain were written. */
  int serve(Chain chain) {
    moved = 0;
    written = 0;
    if (!chain.isOrdered() || chain.writableBytes() == 0) {
      counters.add(VhostCounter.FAILED_OTHERS, 1);
      return 0; // there is no room to say what is wrong
    }
    byte status;
    try {
      status = perform(chain);
      GuestFault.raise();
    } catch (InternalError e) {
      counters.add(VhostCounter.MEMORY_FAULTS, 1);
      log.warning("a client took memory away that a request is for", e);
      status = VirtioBlk.IOERR;
      written = 0;
    }
    return chain.writeLast(status) ? (int) written + 1 : 0;
  }

  private byte perform(Chain chain) {
    if (!chain.read(header, 0, VirtioBlk.HEADER_BYTES)) {
      return failed(VhostCounter.FAILED_OTHERS);
    }
    GuestFault.raise();
    int type = header.get(JAVA_INT, 0) & ~VirtioBlk.BARRIER;
    long sector = header.get(JAVA_LONG, VirtioBlk.HEADER_SECTOR);
    return switch (type) {
      case VirtioBlk.IN -> read(chain, sector);
      case VirtioBlk.OUT -> write(chain, sector);
      case VirtioBlk.FLUSH -> flush();
      case VirtioBlk.GET_ID -> identify(chain);
      case VirtioBlk.DISCARD -> clear(chain, VhostCounter.DISCARDS);
      case VirtioBlk.WRITE_ZEROES -> clear(chain, VhostCounter.WRITE_ZEROES);
      default -> unsupported();
    };
  }

  private byte read(Chain chain, long sector) {
    counters.add(VhostCounter.READS, 1);
    long length = chain.writableBytes() - 1;
    if (!isRange(sector, length)) {
      return failed(VhostCounter.FAILED_READS);
    }
    long position = sector << VirtioBlk.SECTOR_SHIFT;
    for (long done = 0; done < length; ) {
      int part = (int) Math.min(length - done, BUFFER_BYTES);
      if (!readPart(position + done, part) || !chain.write(buffer, 0, part)) {
        return failed(VhostCounter.FAILED_READS);
      }
      GuestFault.raise();
      done += part;
    }
    moved = length;
    written = length;
    counters.add(VhostCounter.READ_BYTES, length);
    return VirtioBlk.OK;
  }

  private byte write(Chain chain, long sector) {
    counters.add(VhostCounter.WRITES, 1);
    long length = chain.readableBytes() - VirtioBlk.HEADER_BYTES;
    if (options.readOnly() || !isRange(sector, length)) {
      return failed(VhostCounter.FAILED_WRITES);
    }
    long position = sector << VirtioBlk.SECTOR_SHIFT;
    for (long done = 0; done < length; ) {
      int part = (int) Math.min(length - done, BUFFER_BYTES);
      if (!chain.read(buffer, 0, part)) {
        return failed(VhostCounter.FAILED_WRITES);
      }
      GuestFault.raise();
      if (!writePart(position + done, part)) {
        return failed(VhostCounter.FAILED_WRITES);
      }
      done += part;
    }
    moved = length;
    counters.add(VhostCounter.WRITTEN_BYTES, length);
    return VirtioBlk.OK;
  }

  private byte flush() {
    counters.add(VhostCounter.FLUSHES, 1);
    try {
      if (said(channel.flush())) {
        return VirtioBlk.OK;
      }
    } catch (Throwable t) {
      boolean _ = threw(t);
    }
    return failed(VhostCounter.FAILED_OTHERS);
  }

  private byte identify(Chain chain) {
    long length = Math.min(VhostOptions.SERIAL_BYTES, chain.writableBytes() - 1);
    if (!chain.write(serial, 0, length)) {
      return failed(VhostCounter.FAILED_OTHERS);
    }
    written = length;
    return VirtioBlk.OK;
  }

  private byte clear(Chain chain, VhostCounter counter) {
    if (options.readOnly()) {
      return unsupported();
    }
    counters.add(counter, 1);
    long bytes = chain.readableBytes() - VirtioBlk.HEADER_BYTES;
    if (bytes == 0
        || bytes % VirtioBlk.RANGE_BYTES != 0
        || bytes > (long) VirtioBlk.MAX_RANGES * VirtioBlk.RANGE_BYTES
        || !chain.read(buffer, 0, bytes)) {
      return failed(VhostCounter.FAILED_OTHERS);
    }
    GuestFault.raise();
    for (long at = 0; at < bytes; at += VirtioBlk.RANGE_BYTES) {
      byte status = clearRange(at, counter == VhostCounter.DISCARDS);
      if (status != VirtioBlk.OK) {
        counters.add(VhostCounter.FAILED_OTHERS, 1);
        return status;
      }
    }
    return VirtioBlk.OK;
  }

  private byte clearRange(long at, boolean discard) {
    long sector = buffer.get(JAVA_LONG, at);
    long sectors = Integer.toUnsignedLong(buffer.get(JAVA_INT, at + VirtioBlk.RANGE_SECTORS));
    int flags = buffer.get(JAVA_INT, at + VirtioBlk.RANGE_FLAGS);
    if ((flags & ~VirtioBlk.RANGE_UNMAP) != 0 || (discard && flags != 0)) {
      return VirtioBlk.UNSUPP;
    }
    long length = sectors << VirtioBlk.SECTOR_SHIFT;
    if (sectors > VirtioBlk.MAX_RANGE_SECTORS || !isRange(sector, length)) {
      return VirtioBlk.IOERR;
    }
    long position = sector << VirtioBlk.SECTOR_SHIFT;
    try {
      int result =
          discard
              ? channel.discard(position, length)
              : channel.writeZeroes(position, length, flags != 0);
      return said(result) ? VirtioBlk.OK : VirtioBlk.IOERR;
    } catch (Throwable t) {
      return threw(t) ? VirtioBlk.OK : VirtioBlk.IOERR;
    }
  }

  private byte unsupported() {
    counters.add(VhostCounter.FAILED_OTHERS, 1);
    return VirtioBlk.UNSUPP;
  }

  private byte failed(VhostCounter counter) {
    counters.add(counter, 1);
    return VirtioBlk.IOERR;
  }

  private boolean isRange(long sector, long length) {
    return length >= 0
        && length % VirtioBlk.SECTOR_BYTES == 0
        && sector >= 0
        && sector <= Long.MAX_VALUE >> VirtioBlk.SECTOR_SHIFT
        && device.geometry().contains(sector << VirtioBlk.SECTOR_SHIFT, length);
  }

  // ---- what the device says

  private boolean readPart(long position, int length) {
    try {
      return said(channel.read(position, buffer, 0, length));
    } catch (Throwable t) {
      return threw(t);
    }
  }

  private boolean writePart(long position, int length) {
    try {
      return said(channel.write(position, buffer, 0, length));
    } catch (Throwable t) {
      return threw(t);
    }
  }

  private boolean threw(Throwable t) {
    counters.add(VhostCounter.EXCEPTIONS, 1);
    log.fault(THREW, t);
    return false;
  }

  /** Of a channel that answers at once a result is 0 or an error. */
  private static boolean said(int result) {
    return Errno.resultOrEio(result) == 0;
  }
}
