package io.zublk.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LatencyHistogramTest {

  private final LatencyHistogram histogram = new LatencyHistogram();

  @Test
  void withoutASampleThereIsNoTime() {
    assertThat(Latency.of(histogram)).isEqualTo(new Latency(0, 0, 0, 0, 0, 0));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 15, 16, 17, 31, 32, 33, 1000, 123_456_789, (1L << 36) - 1})
  void theTimeOfOneSampleIsKnown(long nanos) {
    histogram.record(nanos);
    assertThat(Latency.of(histogram)).isEqualTo(new Latency(1, nanos, nanos, nanos, nanos, nanos));
  }

  @Test
  void timesBeyondTheEndAndBeforeTheBeginningCountAsThose() {
    histogram.record(Long.MAX_VALUE);
    assertThat(histogram.max()).isEqualTo((1L << 36) - 1);
    histogram.record(-1);
    assertThat(histogram.percentile(0.5)).isZero();
  }

  /** Of times of all magnitudes: never less than the true one, and at most a sixteenth more. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void percentilesAreRightToASixteenth(long seed) {
    Random random = new Random(seed);
    long[] times = new long[10_000];
    for (int i = 0; i < times.length; i++) {
      times[i] = random.nextLong(1L << random.nextInt(1, 36));
      histogram.record(times[i]);
    }
    Arrays.sort(times);
    for (double part : new double[] {0.0001, 0.1, 0.5, 0.9, 0.99, 0.999, 1}) {
      long exact = times[(int) Math.ceil(part * times.length) - 1];
      assertThat(histogram.percentile(part))
          .as("%f of seed %d", part, seed)
          .isBetween(exact, exact + exact / 16);
    }
    assertThat(histogram.samples()).isEqualTo(times.length);
    assertThat(histogram.max()).isEqualTo(times[times.length - 1]);
  }

  @Test
  void severalAreAddedUp() {
    LatencyHistogram other = new LatencyHistogram();
    histogram.record(10);
    other.record(3000);
    other.record(20);
    histogram.addAll(other);
    assertThat(histogram.samples()).isEqualTo(3);
    assertThat(histogram.percentile(0.5)).isEqualTo(20);
    assertThat(histogram.max()).isEqualTo(3000);
  }
}
