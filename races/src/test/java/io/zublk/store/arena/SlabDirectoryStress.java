package io.zublk.store.arena;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.foreign.MemorySegment;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** One slab's slots in the hands of two threads. */
class SlabDirectoryStress {

  private static final int CLASS = SizeClasses.classOf(4096);
  private static final int OTHER_CLASS = SizeClasses.classOf(2048);
  private static final int SLOTS = SizeClasses.slots(CLASS);

  private SlabDirectoryStress() {}

  /** A slab of which some slots are taken. */
  private static SlabDirectory slab(int taken) {
    SlabDirectory directory = new SlabDirectory(MemorySegment.ofArray(new long[8]), 0);
    boolean _ = directory.assign(0, CLASS);
    boolean _ = directory.reserve(0, CLASS, taken - 1);
    boolean _ = directory.claimRange(0, 0, taken - 1);
    return directory;
  }

  private static int take(SlabDirectory directory) {
    return directory.reserve(0, CLASS, 1) ? directory.claim(0, SLOTS) : -1;
  }

  private static void free(SlabDirectory directory, int slot) {
    boolean _ = directory.clearSlot(0, slot);
    long _ = directory.unreserve(0, 1);
  }

  @JCStressTest
  @Outcome(
      id = {"62, 63, 64", "63, 62, 64"},
      expect = ACCEPTABLE,
      desc = "a slot each")
  @Outcome(expect = FORBIDDEN, desc = "both have one, or none")
  @State
  public static class TwoTakeTheLast {
    private final SlabDirectory directory = slab(SLOTS - 2);

    @Actor
    public void one(III_Result result) {
      result.r1 = take(directory);
    }

    @Actor
    public void other(III_Result result) {
      result.r2 = take(directory);
    }

    @Arbiter
    public void count(III_Result result) {
      result.r3 = SlabDirectory.count(directory.state(0));
    }
  }

  @JCStressTest
  @Outcome(id = "-1, 63, 0", expect = ACCEPTABLE, desc = "full before one was freed")
  @Outcome(id = "5, 64, 1", expect = ACCEPTABLE, desc = "the freed one")
  @Outcome(expect = FORBIDDEN, desc = "count and bits differ")
  @State
  public static class OneTakesWhatAnotherFrees {
    private final SlabDirectory directory = slab(SLOTS);

    @Actor
    public void taker(III_Result result) {
      result.r1 = take(directory);
    }

    @Actor
    public void owner() {
      free(directory, 5);
    }

    @Arbiter
    public void count(III_Result result) {
      result.r2 = SlabDirectory.count(directory.state(0));
      result.r3 = directory.isClear(0, 5, 5) ? 0 : 1;
    }
  }

  /** Two that free the last slots of a chunk: one of them at least sees that it is empty. */
  @JCStressTest
  @Outcome(
      id = {"1, 1", "0, 1", "1, 0"},
      expect = ACCEPTABLE,
      desc = "somebody sees it")
  @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "nobody gives the memory back")
  @State
  public static class OneSeesThatAChunkIsEmpty {
    private final SlabDirectory directory = slab(2);

    @Actor
    public void one(II_Result result) {
      boolean _ = directory.clearSlot(0, 0);
      result.r1 = directory.isClear(0, 0, 3) ? 1 : 0;
    }

    @Actor
    public void other(II_Result result) {
      boolean _ = directory.clearSlot(0, 1);
      result.r2 = directory.isClear(0, 0, 3) ? 1 : 0;
    }
  }

  /** A chunk is reclaimed, its memory zeroed, while somebody takes a slot of it and writes. */
  @JCStressTest
  @Outcome(id = "7", expect = ACCEPTABLE, desc = "what was written is there")
  @Outcome(expect = FORBIDDEN, desc = "memory went under a taken slot")
  @State
  public static class AChunkIsReclaimed {
    private final SlabDirectory directory = slab(1);
    private final int[] memory = new int[SLOTS];
    private int slot;

    @Actor
    public void writer() {
      slot = take(directory);
      memory[slot] = 7;
    }

    @Actor
    public void reclaimer() {
      if (directory.reserve(0, CLASS, 3)) {
        if (directory.claimRange(0, 1, 3)) {
          java.util.Arrays.fill(memory, 1, 4, 0);
          directory.clearRange(0, 1, 3);
        }
        long _ = directory.unreserve(0, 3);
      }
    }

    @Arbiter
    public void read(I_Result result) {
      result.r1 = memory[slot];
    }
  }

  /** An empty slab goes to another class, unless somebody has taken a slot of it. */
  @JCStressTest
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "retired and given away")
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "kept")
  @Outcome(expect = FORBIDDEN, desc = "two classes have the slab, or none")
  @State
  public static class ASlabIsRetired {
    private final SlabDirectory directory = slab(1);

    @Actor
    public void taker(II_Result result) {
      result.r1 = take(directory) >= 0 ? 1 : 0;
    }

    @Actor
    public void owner(II_Result result) {
      free(directory, 0);
      if (directory.retire(0, CLASS) != 0) {
        directory.setUnused(0);
        result.r2 = directory.assign(0, OTHER_CLASS) ? 1 : 2;
      }
    }
  }
}
