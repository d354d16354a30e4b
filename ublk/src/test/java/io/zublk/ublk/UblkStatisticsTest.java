package io.zublk.ublk;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class UblkStatisticsTest {

  @Test
  void countsAreKeptApartAndSummed() {
    UblkStatistics first =
        new UblkStatistics(Map.of(UblkCounter.READS, 2L, UblkCounter.READ_BYTES, 8192L));
    UblkStatistics second =
        new UblkStatistics(Map.of(UblkCounter.READS, 1L, UblkCounter.ENTERS, 5L));
    UblkStatistics sum = UblkStatistics.sum(List.of(first, second));
    assertThat(sum.get(UblkCounter.READS)).isEqualTo(3);
    assertThat(sum.get(UblkCounter.READ_BYTES)).isEqualTo(8192);
    assertThat(sum.get(UblkCounter.ENTERS)).isEqualTo(5);
    assertThat(sum.get(UblkCounter.EXCEPTIONS)).isZero();
    assertThat(sum.requests()).isEqualTo(3);
  }
}
