package io.zublk.daemon.device;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StopwatchTest {

  @Test
  void saysEachStepAndItsTime() {
    Stopwatch watch = new Stopwatch();
    watch.done("before it began");
    assertThat(watch).hasToString("");
    watch.begin();
    watch.done("first");
    watch.done("second");
    assertThat(watch.toString()).matches("first \\d+\\.\\d ms, second \\d+\\.\\d ms");
    watch.begin();
    watch.done("third");
    assertThat(watch.toString()).matches("third \\d+\\.\\d ms");
  }
}
