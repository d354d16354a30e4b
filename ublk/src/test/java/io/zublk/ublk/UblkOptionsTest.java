package io.zublk.ublk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.Polling;
import java.util.List;
import org.junit.jupiter.api.Test;

class UblkOptionsTest {

  @Test
  void eachValueIsChangedAlone() {
    UblkOptions options =
        UblkOptions.defaults()
            .withId(7)
            .withQueues(2)
            .withDepth(64)
            .withMaxIoBytes(1 << 20)
            .withVolatileCache(false)
            .withRecoverable(true)
            .withCookie(42);
    assertThat(options)
        .isEqualTo(
            new UblkOptions(
                7, 2, 1, 64, 1 << 20, false, List.of(), -1, Polling.OFF, false, true, 42));
  }

  @Test
  void valuesBeyondTheDriversLimitsAreRefused() {
    UblkOptions options = UblkOptions.defaults();
    assertThatThrownBy(() -> options.withId(-2)).hasMessageContaining("-2");
    assertThatThrownBy(() -> options.withQueues(0)).hasMessageContaining("1..4096: 0");
    assertThatThrownBy(() -> options.withDepth(4097)).hasMessageContaining("1..4096: 4097");
    assertThatThrownBy(() -> options.withMaxIoBytes(6000)).hasMessageContaining("6000");
    assertThatThrownBy(() -> options.withMaxIoBytes(64 << 20)).hasMessageContaining("32 MiB");
  }
}
