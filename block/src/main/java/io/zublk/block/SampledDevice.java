package io.zublk.block;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A device that measures how long another one takes for a request, in one of {@value #EVERY}: from
 * the moment that a transport asks it until it has answered. What the request has waited for
 * before, in the kernel or a socket, is not in it. The clock is read for a sample only.
 *
 * <p>Whatever the transport, each thread of it has a channel, and each channel samples for itself.
 */
public final class SampledDevice implements BlockDevice {

  /**
   * Two looks at the clock take some 50 ns, so that a request pays less than 1 ns. A prime, lest
   * requests that take turns be sampled of one kind only.
   */
  public static final int EVERY = 61;

  /** What is told apart. */
  public enum Kind {
    READ,
    WRITE,
    /** Also write-zeroes: both make pages go. */
    DISCARD
  }

  private final BlockDevice device;

  // Guarded by this.
  private final List<SampledChannel> channels = new ArrayList<>();
  private Map<Kind, LatencyHistogram> ended = histograms();

  public SampledDevice(BlockDevice device) {
    this.device = device;
  }

  /** The one that is measured. */
  public BlockDevice device() {
    return device;
  }

  static Map<Kind, LatencyHistogram> histograms() {
    Map<Kind, LatencyHistogram> histograms = new EnumMap<>(Kind.class);
    for (Kind kind : Kind.values()) {
      histograms.put(kind, new LatencyHistogram());
    }
    return histograms;
  }

  @Override
  public Geometry geometry() {
    return device.geometry();
  }

  @Override
  public BlockChannel openChannel() {
    return sampled(device.openChannel());
  }

  @Override
  public BlockChannel openChannel(LateAnswers answers) {
    return sampled(device.openChannel(answers));
  }

  private synchronized SampledChannel sampled(BlockChannel channel) {
    SampledChannel sampled = new SampledChannel(this, channel);
    channels.add(sampled);
    return sampled;
  }

  /** What a channel has measured stays when it is closed. */
  synchronized void closed(SampledChannel channel) {
    if (channels.remove(channel)) {
      channel.addTo(ended);
    }
  }

  /** What was measured since the start or {@link #forget}. Any thread. */
  public synchronized Latency latency(Kind kind) {
    Map<Kind, LatencyHistogram> sum = histograms();
    ended.forEach((each, histogram) -> sum.get(each).addAll(histogram));
    channels.forEach(channel -> channel.addTo(sum));
    return Latency.of(sum.get(kind));
  }

  /** Begins anew. Any thread. */
  public synchronized void forget() {
    ended = histograms();
    channels.forEach(SampledChannel::forget);
  }
}
