package io.zublk.ublk;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class QueueCountersTest {

  @Test
  void countersAreKeptApartAndSummedOverQueues() {
    QueueCounters first = new QueueCounters();
    QueueCounters second = new QueueCounters();
    first.add(UblkCounter.READS, 2);
    first.add(UblkCounter.READ_BYTES, 8192);
    second.add(UblkCounter.READS, 1);
    second.add(UblkCounter.ENTERS, 5);
    UblkStatistics sum = UblkStatistics.sum(List.of(first, second));
    assertThat(sum.get(UblkCounter.READS)).isEqualTo(3);
    assertThat(sum.get(UblkCounter.READ_BYTES)).isEqualTo(8192);
    assertThat(sum.get(UblkCounter.ENTERS)).isEqualTo(5);
    assertThat(sum.get(UblkCounter.EXCEPTIONS)).isZero();
    assertThat(sum.requests()).isEqualTo(3);
  }
}
