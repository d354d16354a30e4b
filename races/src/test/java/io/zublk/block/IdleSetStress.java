package io.zublk.block;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** Which workers sleep, in the hands of two threads. */
class IdleSetStress {

  private IdleSetStress() {}

  @JCStressTest
  @Outcome(
      id = {"1, 0", "0, 1"},
      expect = ACCEPTABLE,
      desc = "one of them")
  @Outcome(expect = FORBIDDEN, desc = "woken twice, or not at all")
  @State
  public static class OneWakesAWorker {
    private final IdleSet workers = new IdleSet();

    public OneWakesAWorker() {
      workers.add(0);
    }

    @Actor
    public void one(II_Result result) {
      result.r1 = workers.remove(0) ? 1 : 0;
    }

    @Actor
    public void other(II_Result result) {
      result.r2 = workers.remove(0) ? 1 : 0;
    }
  }

  @JCStressTest
  @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "each worker's state is its own")
  @Outcome(expect = FORBIDDEN, desc = "a worker is forgotten")
  @State
  public static class TwoGoToSleep {
    private final IdleSet workers = new IdleSet();

    public TwoGoToSleep() {
      workers.add(2);
    }

    @Actor
    public void one(III_Result result) {
      workers.add(0);
      result.r1 = workers.remove(2) ? 1 : 0;
    }

    @Actor
    public void other() {
      workers.add(1);
    }

    @Arbiter
    public void wake(III_Result result) {
      result.r2 = workers.remove(0) ? 1 : 0;
      result.r3 = workers.remove(1) ? 1 : 0;
    }
  }
}
