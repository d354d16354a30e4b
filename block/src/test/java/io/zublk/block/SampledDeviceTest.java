package io.zublk.block;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.zublk.block.SampledDevice.Kind;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class SampledDeviceTest {

  private static final int EVERY = SampledDevice.EVERY;

  /** A device that says to everything what it is told to say. */
  private static final class Parrot implements BlockDevice, BlockChannel {

    private int result;
    private long calls;

    @Override
    public Geometry geometry() {
      return new Geometry(1 << 20, Geometry.PAGE_BYTES);
    }

    @Override
    public BlockChannel openChannel() {
      return this;
    }

    private int say() {
      calls++;
      return result;
    }

    @Override
    public int read(long position, MemorySegment buffer, long offset, int length) {
      return say();
    }

    @Override
    public int write(long position, MemorySegment buffer, long offset, int length) {
      return say();
    }

    @Override
    public int discard(long position, long length) {
      return say();
    }

    @Override
    public int writeZeroes(long position, long length, boolean mayUnmap) {
      return say();
    }

    @Override
    public int flush() {
      return say();
    }

    @Override
    public long status(long position, long length) {
      return say();
    }

    @Override
    public void close() {}
  }

  private final Parrot parrot = new Parrot();
  private final SampledDevice device = new SampledDevice(parrot);

  private long samples(Kind kind) {
    return device.latency(kind).samples();
  }

  private static void read(BlockChannel channel, int times) {
    for (int i = 0; i < times; i++) {
      int _ = channel.read(0, MemorySegment.NULL, 0, 0);
    }
  }

  @Test
  void oneInSoManyIsSampledAndAllAreServed() {
    BlockChannel channel = device.openChannel();
    read(channel, EVERY - 1);
    assertThat(samples(Kind.READ)).isZero();
    read(channel, 9 * EVERY + 1);
    assertThat(samples(Kind.READ)).isEqualTo(10);
    assertThat(samples(Kind.WRITE)).isZero();
    assertThat(parrot.calls).isEqualTo(10 * EVERY);
  }

  @Test
  void kindsThatTakeTurnsAreSampledAlike() {
    BlockChannel channel = device.openChannel();
    for (int i = 0; i < 12 * EVERY; i++) {
      int _ =
          switch (i % 4) {
            case 0 -> channel.read(0, MemorySegment.NULL, 0, 0);
            case 1 -> channel.write(0, MemorySegment.NULL, 0, 0);
            case 2 -> channel.discard(0, 0);
            default -> channel.writeZeroes(0, 0, true);
          };
    }
    assertThat(samples(Kind.READ)).isEqualTo(3);
    assertThat(samples(Kind.WRITE)).isEqualTo(3);
    assertThat(samples(Kind.DISCARD)).isEqualTo(6);
  }

  @Test
  void failuresCountAndWhatIsAnsweredLaterDoesNot() {
    BlockChannel channel = device.openChannel();
    parrot.result = -Errno.EIO;
    read(channel, EVERY);
    assertThat(samples(Kind.READ)).isEqualTo(1);
    parrot.result = BlockChannel.LATE;
    read(channel, EVERY);
    assertThat(samples(Kind.READ)).isEqualTo(1);
  }

  @Test
  void whatAClosedChannelHasMeasuredStays() {
    BlockChannel first = device.openChannel();
    BlockChannel second = device.openChannel();
    read(first, EVERY);
    read(second, EVERY);
    first.close();
    assertThat(samples(Kind.READ)).isEqualTo(2);
    second.close();
    assertThat(samples(Kind.READ)).isEqualTo(2);
  }

  @Test
  void itCanBeginAnew() {
    BlockChannel open = device.openChannel();
    BlockChannel closed = device.openChannel();
    read(open, EVERY);
    read(closed, EVERY);
    closed.close();
    device.forget();
    assertThat(device.latency(Kind.READ)).isEqualTo(new Latency(0, 0, 0, 0, 0, 0));
    read(open, EVERY);
    assertThat(samples(Kind.READ)).isEqualTo(1);
  }

  @Test
  void requestsAllocateNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    BlockChannel channel = device.openChannel();
    long least = Long.MAX_VALUE;
    // Late compilation spoils rounds; a request that allocates would spoil every one.
    for (int round = 0; round < 50 && least > 4096; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      read(channel, 10_000 * EVERY);
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertThat(least).isLessThanOrEqualTo(4096);
  }
}
