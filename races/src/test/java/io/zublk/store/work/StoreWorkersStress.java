package io.zublk.store.work;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.arena.SlabArena;
import io.zublk.store.file.SharedFile;
import io.zublk.store.file.StoreFile;
import io.zublk.store.page.Pages;
import io.zublk.store.staging.StagingArea;
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

  private static final Pages NO_PAGES = noPages();

  private StoreWorkersStress() {}

  private static Pages noPages() {
    StoreFile file = SharedFile.file();
    MemoryBudget budget = new MemoryBudget(0, 0);
    SlabArena arena = new SlabArena(file, budget, true);
    return new Pages(file, file.codec(), budget, arena, new StagingArea(file, budget, 0, 1));
  }

  /** The books of workers, without any thread. */
  private static StoreWorkers workers() {
    try {
      return new StoreWorkers(NO_PAGES, null, 0, new BitSet(), 0);
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
