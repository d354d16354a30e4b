package io.zublk.block;

import io.zublk.block.SampledDevice.Kind;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/** A thread's way into a {@link SampledDevice}. Allocates nothing while it is used. */
final class SampledChannel implements BlockChannel {

  private final SampledDevice device;
  private final BlockChannel channel;

  /** Of the thread that uses the channel. */
  private int untilSample = SampledDevice.EVERY;

  private volatile Histograms histograms = new Histograms();

  /** What it writes to; whoever wants it to begin anew gives it others. */
  private static final class Histograms {
    private final Map<Kind, LatencyHistogram> all = SampledDevice.histograms();
    private final LatencyHistogram reads = all.get(Kind.READ);
    private final LatencyHistogram writes = all.get(Kind.WRITE);
    private final LatencyHistogram discards = all.get(Kind.DISCARD);
  }

  SampledChannel(SampledDevice device, BlockChannel channel) {
    this.device = device;
    this.channel = channel;
  }

  void addTo(Map<Kind, LatencyHistogram> sum) {
    histograms.all.forEach((kind, histogram) -> sum.get(kind).addAll(histogram));
  }

  void forget() {
    histograms = new Histograms();
  }

  private boolean isSample() {
    if (--untilSample > 0) {
      return false;
    }
    untilSample = SampledDevice.EVERY;
    return true;
  }

  /** A request that is answered later takes as long as whoever answers it likes. */
  private static void record(LatencyHistogram histogram, long start, int result) {
    if (result != LATE) {
      histogram.record(System.nanoTime() - start);
    }
  }

  @Override
  public int read(long position, MemorySegment buffer, long offset, int length) {
    if (!isSample()) {
      return channel.read(position, buffer, offset, length);
    }
    long start = System.nanoTime();
    int result = channel.read(position, buffer, offset, length);
    record(histograms.reads, start, result);
    return result;
  }

  @Override
  public int write(long position, MemorySegment buffer, long offset, int length) {
    if (!isSample()) {
      return channel.write(position, buffer, offset, length);
    }
    long start = System.nanoTime();
    int result = channel.write(position, buffer, offset, length);
    record(histograms.writes, start, result);
    return result;
  }

  @Override
  public int discard(long position, long length) {
    if (!isSample()) {
      return channel.discard(position, length);
    }
    long start = System.nanoTime();
    int result = channel.discard(position, length);
    record(histograms.discards, start, result);
    return result;
  }

  @Override
  public int writeZeroes(long position, long length, boolean mayUnmap) {
    if (!isSample()) {
      return channel.writeZeroes(position, length, mayUnmap);
    }
    long start = System.nanoTime();
    int result = channel.writeZeroes(position, length, mayUnmap);
    record(histograms.discards, start, result);
    return result;
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
    device.closed(this);
  }
}
