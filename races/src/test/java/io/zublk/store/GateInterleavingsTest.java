package io.zublk.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.races.Interleavings;
import io.zublk.races.Scenario;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Every order of the steps with which channels pass a gate that another thread shuts. */
class GateInterleavingsTest {

  static final class TwoChannelsAndAnEnd implements Scenario {
    final Gate gate = new Gate();
    final Gate.Entrance first = gate.open();
    final Gate.Entrance second = gate.open();
    final AtomicBoolean isGone = new AtomicBoolean();
    boolean touchedWhatIsGone;
    boolean isQuiet;

    @Override
    public List<Work> threads() {
      return List.of(() -> pass(first), () -> pass(second), this::end);
    }

    private void pass(Gate.Entrance entrance) {
      if (entrance.enter()) {
        touchedWhatIsGone |= isGone.get();
        touchedWhatIsGone |= isGone.get();
        entrance.leave();
      }
    }

    private void end() {
      isQuiet = gate.shut();
      isGone.set(true);
    }

    @Override
    public void check() {
      assertThat(isQuiet).isTrue();
      assertThat(touchedWhatIsGone).isFalse();
      assertThat(first.enter()).isFalse();
      assertThat(gate.open().enter()).isFalse();
    }
  }

  @Test
  void nobodyIsInsideWhenItIsQuiet() throws Exception {
    assertThat(
            Interleavings.explore(
                TwoChannelsAndAnEnd.class,
                3,
                Gate.class,
                Gate.Entrance.class,
                TwoChannelsAndAnEnd.class))
        .isGreaterThan(100);
  }
}
