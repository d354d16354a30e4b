package io.zublk.block;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SpinLimitTest {

  @Test
  void looksLessWhileItDoesNotPayAndMoreWhileItDoes() {
    SpinLimit limit = new SpinLimit(new Polling(true, 1000, true));
    assertThat(limit.looks()).isEqualTo(1000);
    limit.miss();
    assertThat(limit.looks()).isEqualTo(500);
    limit.hit();
    limit.hit();
    assertThat(limit.looks()).isEqualTo(1000);
    for (int i = 0; i < 10; i++) {
      limit.miss();
    }
    assertThat(limit.looks()).isEqualTo(SpinLimit.SHORTEST);
  }

  @Test
  void triesTheLongestAgainNowAndThen() {
    SpinLimit limit = new SpinLimit(new Polling(true, 1000, true));
    for (int i = 0; i < SpinLimit.RETRY_EVERY; i++) {
      limit.miss();
    }
    assertThat(limit.looks()).isEqualTo(1000);
  }

  @Test
  void aFixedLimitStaysAsItIs() {
    SpinLimit limit = new SpinLimit(new Polling(true, 1000, false));
    limit.miss();
    assertThat(limit.looks()).isEqualTo(1000);
  }

  @Test
  void aLimitBelowTheShortestIsKept() {
    SpinLimit limit = new SpinLimit(new Polling(true, 3, true));
    limit.miss();
    assertThat(limit.looks()).isEqualTo(3);
  }
}
