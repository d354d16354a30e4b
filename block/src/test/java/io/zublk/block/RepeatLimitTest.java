package io.zublk.block;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RepeatLimitTest {

  private final RepeatLimit limit = new RepeatLimit();

  @Test
  void theFirstPassesAndTheRestAreCounted() {
    long minute = RepeatLimit.INTERVAL.toNanos();
    assertThat(limit.admit("a", 7)).isZero();
    assertThat(limit.admit("a", 8)).isEqualTo(RepeatLimit.NOT_NOW);
    assertThat(limit.admit("a", 6 + minute)).isEqualTo(RepeatLimit.NOT_NOW);
    assertThat(limit.admit("b", 8)).isZero();
    assertThat(limit.admit("a", 7 + minute)).isEqualTo(2);
    assertThat(limit.admit("a", 8 + minute)).isEqualTo(RepeatLimit.NOT_NOW);
    assertThat(limit.admit("a", 9 + 2 * minute)).isOne();
    assertThat(limit.admit("a", 9 + 3 * minute)).isZero();
  }

  @Test
  void kindsAreBounded() {
    for (int i = 0; i <= RepeatLimit.MAX_KINDS; i++) {
      assertThat(limit.admit("kind " + i, 0)).isZero();
    }
    assertThat(limit.admit("kind 0", 0)).as("forgotten with the others").isZero();
  }
}
