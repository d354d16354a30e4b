package io.zublk.store.staging;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.races.Interleavings;
import io.zublk.races.Scenario;
import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.file.SharedFile;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every order of the steps with which writers fill batches, and workers empty and trim them. */
class StagingAreaInterleavingsTest {

  private static final int BATCH_PAGES = 2;
  private static final long LIMIT = 16 << 20;

  /** One batch of two slots, and the pages that workers were given of it. */
  abstract static class OneBatch implements Scenario {
    final MemoryBudget budget = new MemoryBudget(0, LIMIT);
    final StagingArea area = new StagingArea(SharedFile.file(), budget, BATCH_PAGES, BATCH_PAGES);
    final List<Long> compressed = new ArrayList<>();
    int added;

    /** Writes pages as long as it has the batch, and leaves an incomplete one. */
    void write(long firstPage, int pages) {
      long writer = area.newWriter();
      int batch = area.open(writer);
      if (batch == StagingArea.NONE) {
        return;
      }
      int written = 0;
      do {
        area.add(batch, written, firstPage + written);
        added++;
        written++;
      } while (written < pages && area.begin(batch, writer));
      if (written < BATCH_PAGES) {
        area.close(batch, writer);
      }
    }

    void compress(int batch) {
      if (batch == StagingArea.NONE) {
        return;
      }
      int end = area.end(batch);
      for (int i = area.first(batch); i < end; i++) {
        compressed.add(area.page(batch, i));
      }
      area.release(batch, end);
    }

    /** Everything is compressed once, and the batch is free with its memory, or without. */
    @Override
    public void check() {
      compress(area.takeAny(0));
      assertThat(area.hasPages()).isFalse();
      assertThat(compressed).doesNotHaveDuplicates().hasSize(added).doesNotContain(0L);
      boolean _ = area.trim();
      assertThat(budget.usedBytes()).isZero();
      assertThat(budget.take(LIMIT)).as("no promise is left").isTrue();
      budget.giveBack(LIMIT);
      assertThat(area.open(area.newWriter())).isZero();
    }
  }

  static final class AWriterAndTwoWorkers extends OneBatch {
    @Override
    public List<Work> threads() {
      return List.of(
          () -> write(11, 2), () -> compress(area.takeAny(0)), () -> compress(area.takeFull(0)));
    }
  }

  static final class AWriterLeavesABatch extends OneBatch {
    @Override
    public List<Work> threads() {
      return List.of(() -> write(11, 1), () -> compress(area.takeAny(0)), area::trim);
    }
  }

  static final class TwoWritersWantTheBatch extends OneBatch {
    @Override
    public List<Work> threads() {
      return List.of(
          () -> write(11, 1), () -> write(21, 2), () -> compress(area.takeAny(0)), area::trim);
    }
  }

  static final class ABatchIsUsedAgainWhileItIsTrimmed extends OneBatch {
    ABatchIsUsedAgainWhileItIsTrimmed() {
      write(1, 2);
      compress(area.takeFull(0));
    }

    @Override
    public List<Work> threads() {
      return List.of(() -> write(11, 2), area::trim, () -> compress(area.takeAny(0)));
    }
  }

  /** The first pauses after each of its pages, as soon as a worker has compressed it. */
  static final class AWriterLosesItsBatchInAPause extends OneBatch {
    @Override
    public List<Work> threads() {
      return List.of(
          () -> write(11, 2),
          () -> write(21, 2),
          () -> {
            compress(area.takeAny(0));
            compress(area.takeAny(0));
          });
    }
  }

  @Test
  void aBatchIsTakenFromAWriterOnlyBetweenItsPages() throws Exception {
    assertThat(Interleavings.explore(AWriterLosesItsBatchInAPause.class, 3, StagingArea.class))
        .isGreaterThan(1000);
  }

  @Test
  void everyPageIsCompressedOnce() throws Exception {
    assertThat(Interleavings.explore(AWriterAndTwoWorkers.class, 4, StagingArea.class))
        .isGreaterThan(1000);
  }

  @Test
  void aBatchThatAWriterLeftIsNotForgotten() throws Exception {
    assertThat(Interleavings.explore(AWriterLeavesABatch.class, 4, StagingArea.class))
        .isGreaterThan(1000);
  }

  @Test
  void aBatchBelongsToOneWriter() throws Exception {
    assertThat(Interleavings.explore(TwoWritersWantTheBatch.class, 3, StagingArea.class))
        .isGreaterThan(1000);
  }

  @Test
  void memoryIsNotTakenFromABatchInUse() throws Exception {
    assertThat(Interleavings.explore(ABatchIsUsedAgainWhileItIsTrimmed.class, 3, StagingArea.class))
        .isGreaterThan(100);
  }
}
