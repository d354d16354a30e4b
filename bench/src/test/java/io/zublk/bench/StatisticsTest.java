package io.zublk.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class StatisticsTest {

  @Test
  void medianIsTheMiddleOrTheMeanOfTheTwoThere() {
    assertThat(Statistics.median(List.of(7.0))).isEqualTo(7);
    assertThat(Statistics.median(List.of(9.0, 1.0, 5.0))).isEqualTo(5);
    assertThat(Statistics.median(List.of(9.0, 1.0, 5.0, 2.0))).isEqualTo(3.5);
  }

  @Test
  void percentilesAreValuesThatWereMeasured() {
    long[] values = LongStream.rangeClosed(1, 1000).map(i -> 1001 - i).toArray();
    assertThat(Statistics.percentile(values, 50)).isEqualTo(500);
    assertThat(Statistics.percentile(values, 99)).isEqualTo(990);
    assertThat(Statistics.percentile(values, 99.9)).isEqualTo(999);
    assertThat(Statistics.percentile(values, 100)).isEqualTo(1000);
    assertThat(Statistics.percentile(new long[] {42}, 1)).isEqualTo(42);
  }
}
