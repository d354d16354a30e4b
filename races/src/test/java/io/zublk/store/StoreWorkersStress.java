package io.zublk.store;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.zublk.uring.sys.LinuxException;
import java.util.BitSet;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** Which workers sleep, in the hands of two threads. */
class StoreWorkersStress {

  private static final StoreTuning NO_THREADS =
      new StoreTuning(0, 1, 1, 0, new BitSet(), StoreTuning.ANY_NODE);

  private StoreWorkersStress() {}

  /** The books of workers, without any thread. */
  private static StoreWorkers workers() {
    try {
      return new StoreWorkers(null, null, NO_THREADS);
    } catch (LinuxException e) {
      throw new IllegalStateException(e);
    }
  }

  @JCStressTest
  @Outcome(
      id = {"1, 0", "0, 1"},
      expect = ACCEPTABLE,
      desc = "one of them")
  @Outcome(expect = FORBIDDEN, desc = "woken twice, or not at all")
  @State
  public static class OneWakesAWorker {
    private final StoreWorkers workers = workers();

    public OneWakesAWorker() {
      workers.setIdle(0);
    }

    @Actor
    public void one(II_Result result) {
      result.r1 = workers.clearIdle(0) ? 1 : 0;
    }

    @Actor
    public void other(II_Result result) {
      result.r2 = workers.clearIdle(0) ? 1 : 0;
    }
  }

  @JCStressTest
  @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "each worker's state is its own")
  @Outcome(expect = FORBIDDEN, desc = "a worker is forgotten")
  @State
  public static class TwoGoToSleep {
    private final StoreWorkers workers = workers();

    public TwoGoToSleep() {
      workers.setIdle(2);
    }

    @Actor
    public void one(III_Result result) {
      workers.setIdle(0);
      result.r1 = workers.clearIdle(2) ? 1 : 0;
    }

    @Actor
    public void other() {
      workers.setIdle(1);
    }

    @Arbiter
    public void wake(III_Result result) {
      result.r2 = workers.clearIdle(0) ? 1 : 0;
      result.r3 = workers.clearIdle(1) ? 1 : 0;
    }
  }
}
