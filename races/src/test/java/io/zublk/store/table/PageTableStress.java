package io.zublk.store.table;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.foreign.MemorySegment;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** One page's entry in the hands of two threads. */
class PageTableStress {

  private static final long FIRST = PageEntry.ofFill(0, 1);
  private static final long SECOND = PageEntry.ofFill(0, 2);
  private static final long THIRD = PageEntry.ofFill(0, 3);

  private PageTableStress() {}

  private static PageTable tableOf(long entry) {
    return new PageTable(MemorySegment.ofArray(new long[] {entry}), 0);
  }

  @JCStressTest
  @Outcome(id = "2", expect = ACCEPTABLE, desc = "both changes are there")
  @Outcome(expect = FORBIDDEN, desc = "a change under the lock is lost")
  @State
  public static class ChangesUnderTheLock {
    private final PageTable table = tableOf(0);

    @Actor
    public void one() {
      table.unlock(0, table.lock(0) + 1);
    }

    @Actor
    public void other() {
      table.unlock(0, table.lock(0) + 1);
    }

    @Arbiter
    public void all(I_Result result) {
      result.r1 = (int) table.get(0);
    }
  }

  /** Whoever replaces an entry frees what it points at: exactly one is told of each. */
  @JCStressTest
  @Outcome(id = "1, 2", expect = ACCEPTABLE, desc = "the worker, then the writer")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the writer; the worker's page is overtaken")
  @Outcome(expect = FORBIDDEN, desc = "an entry is freed twice, or never")
  @State
  public static class EntriesAreHandedOn {
    private final PageTable table = tableOf(FIRST);

    @Actor
    public void worker(II_Result result) {
      result.r1 = table.replaceIf(0, FIRST, SECOND) == FIRST ? 1 : 0;
    }

    @Actor
    public void writer(II_Result result) {
      long old = table.replace(0, THIRD);
      result.r2 = old == FIRST ? 1 : old == SECOND ? 2 : 3;
    }
  }

  /** What an entry points at is written before it, and read after it. */
  @JCStressTest
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "not yet there")
  @Outcome(id = "1, 7", expect = ACCEPTABLE, desc = "entry and object")
  @Outcome(expect = FORBIDDEN, desc = "an entry before its object")
  @State
  public static class ObjectsComeBeforeEntries {
    private final PageTable table = tableOf(FIRST);
    private int object;

    @Actor
    public void writer() {
      object = 7;
      long _ = table.replace(0, SECOND);
    }

    @Actor
    public void reader(II_Result result) {
      long entry = table.lock(0);
      if (entry == SECOND) {
        result.r1 = 1;
        result.r2 = object;
      }
      table.unlock(0, entry);
    }
  }

  /** Who replaced an entry uses the old object's memory again: its reader must be done. */
  @JCStressTest
  @Outcome(id = "5, 5", expect = ACCEPTABLE, desc = "read before it was replaced")
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "replaced before it was read")
  @Outcome(expect = FORBIDDEN, desc = "the object changed while it was read")
  @State
  public static class ObjectsStayWhileTheyAreRead {
    private final PageTable table = tableOf(FIRST);
    private int object = 5;

    @Actor
    public void reader(II_Result result) {
      long entry = table.lock(0);
      if (entry == FIRST) {
        result.r1 = object;
        Thread.onSpinWait();
        result.r2 = object;
      }
      table.unlock(0, entry);
    }

    @Actor
    public void writer() {
      long _ = table.replace(0, SECOND);
      object = 6;
    }
  }
}
