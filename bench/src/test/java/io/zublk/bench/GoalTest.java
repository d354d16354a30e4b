package io.zublk.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.zublk.bench.Report.Pair;
import io.zublk.bench.Report.Section;
import org.junit.jupiter.api.Test;

class GoalTest {

  private static final Pair PAIR = new Pair("--polling", "default");

  private final Report report = new Report("zublk tune");

  @Test
  void aGainIsTheGeometricMeanOfTheRowsThatCount() {
    add(Section.REQUESTS, "reads", 200, 100);
    add(Section.THROUGHPUT, "writes", 800, 100);
    add(Section.LATENCY, "reads p50", 20, 10);
    add(Section.LATENCY, "reads p99.9", 1000, 10);
    assertThat(Goal.THROUGHPUT.gain(report, PAIR)).isCloseTo(4, within(1e-9));
    assertThat(Goal.LATENCY.gain(report, PAIR)).isCloseTo(0.5, within(1e-9));
    assertThat(Goal.MEMORY.gain(report, PAIR)).isEqualTo(1);
  }

  @Test
  void aRoundHasAGainOfItsOwn() {
    add(Section.REQUESTS, "reads", 90, 100);
    add(Section.REQUESTS, "reads", 200, 100);
    add(Section.REQUESTS, "reads", 300, 100);
    assertThat(Goal.THROUGHPUT.gain(report, PAIR)).isCloseTo(2, within(1e-9));
    assertThat(Goal.THROUGHPUT.gain(report, PAIR, 0)).isCloseTo(0.9, within(1e-9));
    assertThat(Goal.THROUGHPUT.gain(report, PAIR, 2)).isCloseTo(3, within(1e-9));
  }

  private void add(Section section, String row, double ours, double rival) {
    report.add(section, row, PAIR.ours(), ours);
    report.add(section, row, PAIR.rival(), rival);
  }
}
