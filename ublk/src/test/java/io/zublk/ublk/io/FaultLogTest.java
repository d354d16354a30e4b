package io.zublk.ublk.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FaultLogTest {

  private final FakeLog log = new FakeLog();
  private long now = Long.MAX_VALUE - 1; // so that the clock overflows, as it may
  private final FaultLog faults = new FaultLog("/dev/ublkb7", log, () -> now);
  private final RuntimeException fault = new IllegalStateException("a {0} of a bug");

  @Test
  void theFirstFaultComesWithItsTrace() {
    faults.report(fault);
    assertThat(log.lines)
        .containsExactly("/dev/ublkb7: the store threw; the request gets EIO, the device goes on");
    assertThat(log.traces).containsExactly(fault);
  }

  @Test
  void laterOnesAreCountedAndToldOnceAMinute() {
    faults.report(fault);
    for (int i = 0; i < 1000; i++) {
      now += TimeUnit.MILLISECONDS.toNanos(100);
      faults.report(fault);
    }
    assertThat(log.lines).hasSize(2);
    assertThat(log.lines.get(1))
        .isEqualTo(
            "/dev/ublkb7: the store threw 600 times more, last: "
                + "java.lang.IllegalStateException: a {0} of a bug");
    assertThat(log.traces).containsExactly(fault);
  }

  @Test
  void aLogThatFailsIsNoFurtherFault() {
    FaultLog broken =
        new FaultLog(
            "/dev/ublkb7",
            log,
            () -> {
              throw new OutOfMemoryError("none left");
            });
    broken.report(fault);
    assertThat(log.lines).isEmpty();
  }
}
