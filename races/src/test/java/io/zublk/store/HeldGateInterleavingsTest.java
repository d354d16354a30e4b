package io.zublk.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.races.Interleavings;
import io.zublk.races.Scenario;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Every order of the steps with which a channel passes a gate that another thread holds. */
class HeldGateInterleavingsTest {

  static final class AChannelAndAHolder implements Scenario {
    final Gate gate = new Gate();
    final Gate.Entrance entrance = gate.open();
    final AtomicBoolean isHeld = new AtomicBoolean();
    boolean metAtWork;
    boolean passed;
    boolean worked;

    @Override
    public List<Work> threads() {
      return List.of(this::pass, this::hold);
    }

    private void pass() {
      passed = entrance.enter();
      metAtWork |= isHeld.get();
      metAtWork |= isHeld.get();
      entrance.leave();
    }

    private void hold() {
      worked = gate.whileQuiet(this::work);
    }

    private void work() {
      isHeld.set(true);
      isHeld.set(false);
    }

    @Override
    public void check() {
      assertThat(worked).isTrue();
      assertThat(passed).isTrue();
      assertThat(metAtWork).isFalse();
      assertThat(entrance.enter()).isTrue();
    }
  }

  @Test
  void whoeverComesWhileItIsHeldWaitsAndPasses() throws Exception {
    assertThat(
            Interleavings.explore(
                AChannelAndAHolder.class,
                3,
                Gate.class,
                Gate.Entrance.class,
                AChannelAndAHolder.class))
        .isGreaterThan(20);
  }
}
