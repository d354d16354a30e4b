package io.zublk.ublk;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.Errno;
import io.zublk.uring.CompletionQueue;
import io.zublk.uring.Ring;
import io.zublk.uring.RingOptions;
import io.zublk.uring.Sqe;
import io.zublk.uring.SubmissionQueue;
import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import java.lang.foreign.MemorySegment;

/**
 * The data plane of one hardware queue, in copy mode: takes requests, has the device serve each
 * from or to the buffer of its tag, and hands all results back with one system call.
 *
 * <p>Opened, run and closed by one platform thread: the driver binds tags to the thread that
 * fetched them. Serving allocates nothing.
 */
final class UblkQueue implements AutoCloseable {

  /** The character device's index among the ring's registered files. */
  private static final int CHAR_DEVICE = 0;

  /** How the driver ends a tag's command when it stops the device: UBLK_IO_RES_ABORT. */
  private static final int TAG_ABORTED = -Errnos.ENODEV;

  private final int queue;
  private final int depth;
  private final int maxIoBytes;
  private final QueueCounters counters;
  private final BlockChannel channel;
  private final Ring ring;
  private final MemorySegment descriptors;
  private final MemorySegment buffers;

  /** Takes what the queue needs, and fetches every tag. */
  static UblkQueue open(
      UblkDeviceInfo info, int queue, LinuxFile file, BlockDevice device, QueueCounters counters)
      throws LinuxException {
    BlockChannel channel = device.openChannel();
    Ring ring = null;
    MemorySegment descriptors = null;
    MemorySegment buffers = null;
    try {
      ring = Ring.open(RingOptions.forThisThread(info.depth()));
      ring.registerFiles(file.fd());
      descriptors = mapDescriptors(info, queue, file);
      buffers = Memory.mapAnonymous((long) info.depth() * info.maxIoBytes());
      UblkQueue opened = new UblkQueue(info, queue, counters, channel, ring, descriptors, buffers);
      opened.fetchAll();
      return opened;
    } catch (LinuxException | RuntimeException | Error e) {
      release(channel, ring, descriptors, buffers);
      throw e;
    }
  }

  private static MemorySegment mapDescriptors(UblkDeviceInfo info, int queue, LinuxFile file)
      throws LinuxException {
    return Memory.map(
        UblkAbi.descriptorsLength(info.depth(), Memory.pageBytes()),
        Memory.PROT_READ,
        Memory.MAP_SHARED | Memory.MAP_POPULATE,
        file.fd(),
        UblkAbi.descriptorsOffset(queue, Memory.pageBytes()));
  }

  private UblkQueue(
      UblkDeviceInfo info,
      int queue,
      QueueCounters counters,
      BlockChannel channel,
      Ring ring,
      MemorySegment descriptors,
      MemorySegment buffers) {
    this.queue = queue;
    this.depth = info.depth();
    this.maxIoBytes = info.maxIoBytes();
    this.counters = counters;
    this.channel = channel;
    this.ring = ring;
    this.descriptors = descriptors;
    this.buffers = buffers;
  }

  private void fetchAll() throws LinuxException {
    for (int tag = 0; tag < depth; tag++) {
      send(UblkAbi.FETCH_REQ, tag, 0);
    }
    enter(0);
    // A tag that cannot be fetched says so at once; starting the device would wait for it for ever.
    CompletionQueue completions = ring.completions();
    for (int i = 0; i < completions.ready(); i++) {
      requireNotRefused(completions.result(i));
    }
  }

  private static void requireNotRefused(int result) throws LinuxException {
    if (result < 0) {
      throw new LinuxException("ublk tag", -result);
    }
  }

  /**
   * Serves requests until the driver has taken back every tag: the device was stopped.
   *
   * @throws LinuxException the driver took a tag back for another reason, or the ring failed; other
   *     tags end with the ring then, and the device with them
   */
  void serve() throws LinuxException {
    CompletionQueue completions = ring.completions();
    int tags = depth;
    while (tags > 0) {
      enter(1);
      int ready = completions.ready();
      for (int i = 0; i < ready; i++) {
        int result = completions.result(i);
        if (result == 0) {
          int tag = (int) completions.userData(i);
          send(UblkAbi.COMMIT_AND_FETCH_REQ, tag, serve(tag));
        } else if (result == TAG_ABORTED) {
          tags--;
        } else {
          requireNotRefused(result);
        }
      }
      completions.advance(ready);
    }
  }

  private void enter(int minimum) throws LinuxException {
    counters.add(UblkCounter.ENTERS, 1);
    int result = ring.submitAndWait(minimum);
    if (result < 0 && result != -Errnos.EAGAIN && result != -Errnos.EBUSY) {
      throw new LinuxException("io_uring_enter", -result);
    }
  }

  private void send(int command, int tag, int result) {
    SubmissionQueue submissions = ring.submissions();
    // There is an entry per tag, and a tag is either here or with the driver: next() is never FULL.
    Sqe.command(
        submissions.memory(),
        submissions.next(),
        Sqe.FIXED_FILE,
        CHAR_DEVICE,
        command,
        UblkAbi.ioCommand(queue, tag, result),
        buffers.address() + (long) tag * maxIoBytes,
        tag);
  }

  /** Serves the request in a tag; returns what the driver is to be told. */
  private int serve(int tag) {
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
      return failed(UblkCounter.EXCEPTIONS, -Errno.EIO);
    }
  }

  private int read(int tag, long position, long length) {
    counters.add(UblkCounter.READS, 1);
    if (length > maxIoBytes) {
      return failed(UblkCounter.FAILED_READS, -Errno.EINVAL);
    }
    int error = channel.read(position, buffers, (long) tag * maxIoBytes, (int) length);
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
    int error = channel.write(position, buffers, (long) tag * maxIoBytes, (int) length);
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

  /** Gives everything back. Tags that the driver has still open end with the ring. */
  @Override
  public void close() throws LinuxException {
    release(channel, ring, descriptors, buffers);
  }

  private static void release(
      BlockChannel channel, Ring ring, MemorySegment descriptors, MemorySegment buffers)
      throws LinuxException {
    try (channel;
        ring) {
      if (descriptors != null) {
        Memory.unmap(descriptors);
      }
    }
    // Last: until the ring is closed the driver may copy into the buffers.
    if (buffers != null) {
      Memory.unmap(buffers);
    }
  }
}
