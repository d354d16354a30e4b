package io.zublk.nbd;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.BlockStatus;
import io.zublk.block.Errno;
import io.zublk.block.Geometry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/** A device of plain memory that knows which of its pages are holes, and can be told to fail. */
final class RamDevice implements BlockDevice {

  enum Operation {
    READ,
    WRITE,
    DISCARD,
    WRITE_ZEROES,
    FLUSH,
    STATUS
  }

  /** Asked before each operation, on the thread that performs it: it may also wait, or throw. */
  interface Rule {
    /** Returns 0 to let the operation happen, or the errno it fails with. */
    int errno(Operation operation, long position, long length);
  }

  private static final byte HOLE = 0;
  private static final byte DATA = 1;
  private static final byte ALLOCATED_ZEROS = 2;

  private final Geometry geometry;
  private final MemorySegment memory;
  private final byte[] states;
  private final AtomicInteger openChannels = new AtomicInteger();
  private volatile Rule rule = (operation, position, length) -> 0;

  RamDevice(long sizeBytes) {
    this(sizeBytes, sparse(sizeBytes));
  }

  private RamDevice(long sizeBytes, MemorySegment memory) {
    geometry = new Geometry(sizeBytes, 512);
    this.memory = memory;
    states = new byte[(int) Math.ceilDiv(sizeBytes, (long) Geometry.PAGE_BYTES)];
  }

  /** A device in a file, which several processes may have; they know of no holes. */
  static RamDevice shared(Path file, long sizeBytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      RamDevice device =
          new RamDevice(sizeBytes, channel.map(MapMode.READ_WRITE, 0, sizeBytes, Arena.ofAuto()));
      Arrays.fill(device.states, DATA);
      return device;
    }
  }

  /** Memory that takes space only where it was written, and does not count as direct memory. */
  private static MemorySegment sparse(long bytes) {
    try {
      Path file = Files.createTempFile(Path.of("/dev/shm"), "ram", ".device");
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        return channel.map(MapMode.READ_WRITE, 0, bytes, Arena.ofAuto());
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void setRule(Rule newRule) {
    rule = newRule;
  }

  int openChannels() {
    return openChannels.get();
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  @Override
  public BlockChannel openChannel() {
    openChannels.incrementAndGet();
    return new Channel();
  }

  private final class Channel implements BlockChannel {

    private int check(Operation operation, long position, long length) {
      if (!geometry.contains(position, length)) {
        return Errno.EINVAL;
      }
      return rule.errno(operation, position, length);
    }

    @Override
    public int read(long position, MemorySegment buffer, long offset, int length) {
      int errno = check(Operation.READ, position, length);
      if (errno == 0) {
        MemorySegment.copy(memory, position, buffer, offset, length);
      }
      return -errno;
    }

    @Override
    public int write(long position, MemorySegment buffer, long offset, int length) {
      int errno = check(Operation.WRITE, position, length);
      if (errno == 0) {
        MemorySegment.copy(buffer, offset, memory, position, length);
        for (long at = position; at < position + length; at = nextPage(at)) {
          states[page(at)] = DATA;
        }
      }
      return -errno;
    }

    @Override
    public int discard(long position, long length) {
      int errno = check(Operation.DISCARD, position, length);
      if (errno == 0) {
        zeroPages(position, length, HOLE, true);
      }
      return -errno;
    }

    @Override
    public int writeZeroes(long position, long length, boolean mayUnmap) {
      int errno = check(Operation.WRITE_ZEROES, position, length);
      if (errno == 0) {
        zeroPages(position, length, mayUnmap ? HOLE : ALLOCATED_ZEROS, false);
      }
      return -errno;
    }

    private void zeroPages(long position, long length, byte state, boolean wholeOnly) {
      long end = position + length;
      for (long at = position; at < end; at = nextPage(at)) {
        long stop = Math.min(nextPage(at), end);
        boolean whole = stop - at == Geometry.PAGE_BYTES;
        if (whole || !wholeOnly) {
          memory.asSlice(at, stop - at).fill((byte) 0);
        }
        if (whole) {
          states[page(at)] = state;
        }
      }
    }

    @Override
    public int flush() {
      return -rule.errno(Operation.FLUSH, 0, 0);
    }

    @Override
    public long status(long position, long length) {
      int errno = check(Operation.STATUS, position, length);
      if (errno != 0) {
        return -errno;
      }
      byte state = states[page(position)];
      long end = position;
      while (end < position + length && states[page(end)] == state) {
        end = nextPage(end);
      }
      long run = Math.min(end, position + length) - position;
      return switch (state) {
        case HOLE -> BlockStatus.of(run, BlockStatus.HOLE | BlockStatus.ZERO);
        case DATA -> BlockStatus.of(run, 0);
        default -> BlockStatus.of(run, BlockStatus.ZERO);
      };
    }

    @Override
    public void close() {
      openChannels.decrementAndGet();
    }

    private static int page(long position) {
      return (int) (position / Geometry.PAGE_BYTES);
    }

    private static long nextPage(long position) {
      return (position / Geometry.PAGE_BYTES + 1) * Geometry.PAGE_BYTES;
    }
  }
}
