package io.zublk.store.arena;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.races.Interleavings;
import io.zublk.races.Scenario;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every order of the steps with which threads take, free and give up the slots of one slab. */
class SlabDirectoryInterleavingsTest {

  private static final int CLASS = SizeClasses.classOf(4096);
  private static final int OTHER_CLASS = SizeClasses.classOf(2048);

  /** A slab with some slots taken already. */
  abstract static class OneSlab implements Scenario {
    final SlabDirectory directory = new SlabDirectory(MemorySegment.ofArray(new long[8]), 0);

    OneSlab(int taken) {
      assertThat(directory.assign(0, CLASS)).isTrue();
      for (int i = 1; i < taken; i++) {
        assertThat(directory.reserve(0, CLASS, 1)).isTrue();
      }
      for (int i = 0; i < taken; i++) {
        assertThat(directory.claim(0, SizeClasses.slots(CLASS))).isEqualTo(i);
      }
    }

    /** Takes a slot; -1 if the slab is full or another class's. */
    int take() {
      return directory.reserve(0, CLASS, 1) ? directory.claim(0, SizeClasses.slots(CLASS)) : -1;
    }

    void free(int slot) {
      assertThat(directory.clearSlot(0, slot)).isTrue();
      long _ = directory.unreserve(0, 1);
    }

    int count() {
      return SlabDirectory.count(directory.state(0));
    }

    boolean isTaken(int slot) {
      return !directory.isClear(0, slot, slot);
    }
  }

  static final class TwoTakeWhileOneIsFreed extends OneSlab {
    int first;
    int second;

    TwoTakeWhileOneIsFreed() {
      super(SizeClasses.slots(CLASS) - 1);
    }

    @Override
    public List<Work> threads() {
      return List.of(() -> first = take(), () -> second = take(), () -> free(3));
    }

    @Override
    public void check() {
      int got = (first >= 0 ? 1 : 0) + (second >= 0 ? 1 : 0);
      assertThat(got).isPositive();
      assertThat(first).isNotEqualTo(second);
      assertThat(count()).isEqualTo(SizeClasses.slots(CLASS) - 2 + got);
      for (int slot : new int[] {first, second}) {
        assertThat(slot < 0 || isTaken(slot)).isTrue();
      }
    }
  }

  /** What reclaiming a chunk is made of: its free slots are taken before its memory goes. */
  static final class ARangeIsTakenWhileASlotIs extends OneSlab {
    int slot;
    boolean all;
    boolean mine;

    ARangeIsTakenWhileASlotIs() {
      super(1);
    }

    @Override
    public List<Work> threads() {
      return List.of(this::takeAndUse, this::takeRangeAndGiveItBack);
    }

    private void takeAndUse() {
      slot = take();
      mine = isTaken(slot);
    }

    private void takeRangeAndGiveItBack() {
      assertThat(directory.reserve(0, CLASS, 3)).isTrue();
      all = directory.claimRange(0, 1, 3);
      if (all) {
        directory.clearRange(0, 1, 3);
      }
      long _ = directory.unreserve(0, 3);
    }

    @Override
    public void check() {
      assertThat(mine && isTaken(slot)).isTrue();
      assertThat(count()).isEqualTo(2);
      for (int other = 1; other <= 4; other++) {
        assertThat(isTaken(other)).isEqualTo(other == slot);
      }
    }
  }

  /** The last slot is freed and the slab given to another class, while somebody wants a slot. */
  static final class ASlabIsRetiredWhileASlotIsTaken extends OneSlab {
    int slot;
    boolean retired;
    boolean reassigned;

    ASlabIsRetiredWhileASlotIsTaken() {
      super(1);
    }

    @Override
    public List<Work> threads() {
      return List.of(() -> slot = take(), this::freeAndRetire, this::assignToAnother);
    }

    private void freeAndRetire() {
      free(0);
      retired = directory.retire(0, CLASS) != 0;
      if (retired) {
        assertThat(directory.isClear(0, 0, SizeClasses.slots(CLASS) - 1)).isTrue();
        directory.setUnused(0);
      }
    }

    private void assignToAnother() {
      reassigned = directory.assign(0, OTHER_CLASS);
    }

    @Override
    public void check() {
      long state = directory.state(0);
      assertThat(retired).isNotEqualTo(slot >= 0);
      assertThat(retired || !reassigned).isTrue();
      int owner = reassigned ? OTHER_CLASS : retired ? -1 : CLASS;
      assertThat(SlabDirectory.sizeClass(state)).isEqualTo(owner);
      assertThat(SlabDirectory.count(state)).isEqualTo(owner < 0 ? 0 : 1);
    }
  }

  @Test
  void twoThreadsNeverGetTheSameSlot() throws Exception {
    assertThat(
            Interleavings.explore(
                TwoTakeWhileOneIsFreed.class, Interleavings.ANY, SlabDirectory.class))
        .isGreaterThan(1000);
  }

  @Test
  void aRangeIsTakenWholeOrNotAtAll() throws Exception {
    assertThat(
            Interleavings.explore(
                ARangeIsTakenWhileASlotIs.class, Interleavings.ANY, SlabDirectory.class))
        .isGreaterThan(50);
  }

  @Test
  void aSlabIsRetiredOnlyWithoutSlots() throws Exception {
    assertThat(
            Interleavings.explore(
                ASlabIsRetiredWhileASlotIsTaken.class, Interleavings.ANY, SlabDirectory.class))
        .isGreaterThan(100);
  }
}
