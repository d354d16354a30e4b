package io.zublk.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class LogScaleTest {

  @Test
  void equalFactorsAreEquallyFarApart() {
    LogScale scale = new LogScale(1, 100);
    assertThat(scale.percent(1)).isZero();
    assertThat(scale.percent(10)).isCloseTo(50, within(1e-9));
    assertThat(scale.percent(1000)).isEqualTo(100);
    assertThat(scale.percent(0)).isZero();
  }

  @Test
  void ticksAreRoundAndFew() {
    assertThat(new LogScale(3, 40).ticks()).containsExactly(5.0, 10.0, 20.0);
    assertThat(new LogScale(0.5, 3000).ticks()).containsExactly(1.0, 10.0, 100.0, 1000.0);
  }
}
