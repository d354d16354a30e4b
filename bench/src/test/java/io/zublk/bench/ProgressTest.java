package io.zublk.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ProgressTest {

  private final List<String> lines = new ArrayList<>();
  private long now;

  @Test
  void saysHowMuchIsLeftByThePaceSoFar() {
    Progress progress = new Progress(lines::add, () -> now);
    progress.begin(4, 400, "--rounds");
    progress.step("a", 100);
    now += TimeUnit.SECONDS.toNanos(20); // five times as fast as it was expected
    progress.step("b", 100);
    progress.skip(1, 100);
    now += TimeUnit.SECONDS.toNanos(20);
    progress.step("c", 100);
    assertThat(lines)
        .containsExactly(
            "this takes about 7 min; --rounds make it shorter",
            "1 of 4, about 7 min left: a",
            "2 of 4, about 60 s left: b",
            "3 of 3, about 20 s left: c");
  }
}
