package io.zublk.uring.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import org.junit.jupiter.api.Test;

class ProcessBarrierTest {

  @Test
  void canBeHadAgainAndAgain() {
    assertThat(ProcessBarrier.isAvailable()).isTrue();
    assertThatCode(ProcessBarrier::await).doesNotThrowAnyException();
    assertThatCode(ProcessBarrier::await).doesNotThrowAnyException();
  }
}
