package io.zublk.store;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A channel at the gate, which another thread shuts to take something away. */
class GateStress {

  private static final int REFUSED = -1;

  private GateStress() {}

  @JCStressTest
  @Outcome(id = "5, 5", expect = ACCEPTABLE, desc = "inside before the gate was shut")
  @Outcome(id = "-1, -1", expect = ACCEPTABLE, desc = "refused")
  @Outcome(expect = FORBIDDEN, desc = "inside although it was quiet")
  @State
  public static class NobodyIsInsideWhenItIsQuiet {
    private final Gate gate = new Gate();
    private final Gate.Entrance entrance = gate.open();
    private int object = 5;

    @Actor
    public void channel(II_Result result) {
      result.r1 = REFUSED;
      result.r2 = REFUSED;
      if (entrance.enter()) {
        result.r1 = object;
        Thread.onSpinWait();
        result.r2 = object;
        entrance.leave();
      }
    }

    @Actor
    public void end() {
      if (gate.shut()) {
        object = 6;
      }
    }
  }
}
