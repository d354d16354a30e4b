package io.zublk.store.staging;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.file.SharedFile;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** One batch of staged pages in the hands of two threads. */
class StagingAreaStress {

  private StagingAreaStress() {}

  /** An area of one batch. */
  private static StagingArea area(int pages) {
    return new StagingArea(SharedFile.file(), new MemoryBudget(0, 0), pages, pages);
  }

  /** Compresses what a worker took: the sum of the page numbers. */
  private static int compress(StagingArea area, int batch) {
    if (batch == StagingArea.NONE) {
      return 0;
    }
    int sum = 0;
    int end = area.end(batch);
    for (int i = area.first(batch); i < end; i++) {
      sum += (int) area.page(batch, i);
    }
    area.release(batch, end);
    return sum;
  }

  /** A page's number is there when it is counted, and each is compressed once. */
  @JCStressTest
  @Outcome(
      id = {"0, 3", "1, 2", "3, 0"},
      expect = ACCEPTABLE,
      desc = "each page once")
  @Outcome(expect = FORBIDDEN, desc = "a page is forgotten, unknown or compressed twice")
  @State
  public static class AWriterAndAWorker {
    private final StagingArea area = area(2);
    private final long writer = area.newWriter();
    private final int batch = area.open(writer);

    @Actor
    public void writer() {
      area.add(batch, 0, 1);
      boolean _ = area.begin(batch, writer);
      area.add(batch, 1, 2);
    }

    @Actor
    public void worker(II_Result result) {
      result.r1 = compress(area, area.takeAny(0));
    }

    @Arbiter
    public void rest(II_Result result) {
      result.r2 = compress(area, area.takeFull(0));
    }
  }

  @JCStressTest
  @Outcome(
      id = {"3, 0", "0, 3"},
      expect = ACCEPTABLE,
      desc = "one of them")
  @Outcome(expect = FORBIDDEN, desc = "compressed twice, or not at all")
  @State
  public static class TwoWorkersWantABatch {
    private final StagingArea area = area(2);

    public TwoWorkersWantABatch() {
      long writer = area.newWriter();
      int batch = area.open(writer);
      area.add(batch, 0, 1);
      boolean _ = area.begin(batch, writer);
      area.add(batch, 1, 2);
    }

    @Actor
    public void one(II_Result result) {
      result.r1 = compress(area, area.takeFull(0));
    }

    @Actor
    public void other(II_Result result) {
      result.r2 = compress(area, area.takeAny(0));
    }
  }

  @JCStressTest
  @Outcome(
      id = {"0, 1", "1, 0"},
      expect = ACCEPTABLE,
      desc = "compressed once, and free afterwards")
  @Outcome(expect = FORBIDDEN, desc = "forgotten, compressed twice, or never free again")
  @State
  public static class AWriterLeavesABatch {
    private final StagingArea area = area(2);
    private final long writer = area.newWriter();
    private final int batch = area.open(writer);

    @Actor
    public void writer() {
      area.add(batch, 0, 1);
      area.close(batch, writer);
    }

    @Actor
    public void worker(II_Result result) {
      result.r1 = compress(area, area.takeAny(0));
    }

    @Arbiter
    public void rest(II_Result result) {
      result.r2 = compress(area, area.takeFull(0));
      if (area.hasPages() || area.open(area.newWriter()) != batch) {
        result.r2 = -1;
      }
    }
  }

  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "the writer has the batch")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "trimmed before, or after it was full")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "being trimmed: the writer compresses")
  @Outcome(expect = FORBIDDEN, desc = "trimmed under the writer")
  @State
  public static class ABatchIsTrimmed {
    private final StagingArea area = area(1);

    public ABatchIsTrimmed() {
      area.add(area.open(area.newWriter()), 0, 1);
      int _ = compress(area, area.takeFull(0));
    }

    @Actor
    public void writer(II_Result result) {
      int batch = area.open(area.newWriter());
      if (batch != StagingArea.NONE) {
        area.add(batch, 0, 5);
        result.r1 = compress(area, area.takeFull(0)) == 5 ? 1 : 2;
      }
    }

    @Actor
    public void housekeeper(II_Result result) {
      result.r2 = area.trim() ? 1 : 0;
    }
  }

  @JCStressTest
  @Outcome(
      id = {"1, 0", "0, 1"},
      expect = ACCEPTABLE,
      desc = "one of them has the batch")
  @Outcome(expect = FORBIDDEN, desc = "both have it, or none")
  @State
  public static class ABatchWhoseWriterPausedIsWanted {
    private final StagingArea area = area(4);
    private final long writer = area.newWriter();
    private final int batch = area.open(writer);

    public ABatchWhoseWriterPausedIsWanted() {
      area.add(batch, 0, 1);
      int _ = compress(area, area.takeAny(0));
    }

    @Actor
    public void writer(II_Result result) {
      result.r1 = area.begin(batch, writer) ? 1 : 0;
    }

    @Actor
    public void another(II_Result result) {
      result.r2 = area.open(area.newWriter()) == batch ? 1 : 0;
    }
  }
}
