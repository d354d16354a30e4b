package io.zublk.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.ResourceBundle;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RateLimitedLogTest {

  private final Lines lines = new Lines();
  private long now = Long.MAX_VALUE - 1; // so that the clock overflows, as it may
  private final RateLimitedLog log = new RateLimitedLog(lines, () -> now);
  private final RuntimeException fault = new IllegalStateException("a {0} of a bug");

  @Test
  void theFirstFaultComesWithItsTrace() {
    log.fault("the device threw", fault);
    assertThat(lines.texts).containsExactly("the device threw");
    assertThat(lines.traces).containsExactly(fault);
  }

  @Test
  void laterOnesAreCountedAndToldOnceAMinute() {
    log.fault("the device threw", fault);
    for (int i = 0; i < 1000; i++) {
      now += TimeUnit.MILLISECONDS.toNanos(100);
      log.fault("the device threw", fault);
    }
    assertThat(lines.texts)
        .containsExactly(
            "the device threw",
            "the device threw: java.lang.IllegalStateException: a {0} of a bug"
                + " (and 599 times since it was logged last)");
    assertThat(lines.traces).containsExactly(fault, null);
  }

  @Test
  void oneThatIsUnlikeTheOthersIsToldAtOnce() {
    log.fault("the device threw", fault);
    log.fault("the device threw", fault);
    log.fault("the device threw", new ArithmeticException());
    log.fault("the server threw", fault);
    assertThat(lines.texts).hasSize(3);
    assertThat(lines.traces).doesNotContainNull();
  }

  @Test
  void warningsAreTheSameWhateverTheReason() {
    log.warning("cannot accept a client", "too many");
    log.warning("cannot accept a client", fault);
    log.warning("cannot serve a client", "too many");
    now += TimeUnit.MINUTES.toNanos(2);
    log.warning("cannot accept a client", "no memory");
    assertThat(lines.texts)
        .containsExactly(
            "cannot accept a client: too many",
            "cannot serve a client: too many",
            "cannot accept a client: no memory (and 1 times since it was logged last)");
  }

  @Test
  void debuggingIsNotLimited() {
    log.debug("a client came");
    log.debug("a client came");
    assertThat(lines.texts).hasSize(2);
  }

  @Test
  void aLogThatFailsIsNoFurtherFault() {
    lines.full = true;
    log.debug("line");
    log.warning("what", "why");
    log.fault("what", fault);
    RateLimitedLog timeless =
        new RateLimitedLog(
            lines,
            () -> {
              throw new OutOfMemoryError("none left");
            });
    timeless.fault("what", fault);
    assertThat(lines.texts).isEmpty();
  }

  private static final class Lines implements System.Logger {

    private final List<String> texts = new ArrayList<>();
    private final List<Throwable> traces = new ArrayList<>();
    private boolean full;

    @Override
    public String getName() {
      return "lines";
    }

    @Override
    public boolean isLoggable(Level level) {
      return true;
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String text, Throwable trace) {
      if (full) {
        throw new OutOfMemoryError("none left");
      }
      texts.add(text);
      traces.add(trace);
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String text, Object... parameters) {
      assertThat(parameters).isNullOrEmpty();
      log(level, bundle, text, (Throwable) null);
    }
  }
}
