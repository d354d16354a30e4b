package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import org.junit.jupiter.api.Test;

class StoreWorkersTest {

  private static final int BATCH = 16;
  private static final StoreOptions OPTIONS = new StoreOptions(1 << 20, TestPages.LZ4, 0);

  @Test
  void aBatchThatCannotBeCompressedEndsNoWorkerAndKeepsNoOtherBatchWaiting() throws Exception {
    try (TestStore test = new TestStore(OPTIONS)) {
      Path path = test.path.resolveSibling("area");
      StoreFile file = StoreFile.create(path, OPTIONS, StoreTuning.ANY_NODE);
      var area = new StagingArea(file, new MemoryBudget(0, 0), 4 * BATCH, BATCH);
      var tuning = new StoreTuning(1, BATCH, 50, 0, new BitSet(), StoreTuning.ANY_NODE);
      var workers = new StoreWorkers(test.get(), area, tuning);
      workers.start();
      fillBatch(area, 1L << 50); // no such page: its entry is outside of the memory
      workers.wakeForBatch();
      for (int i = 0; i < 3; i++) {
        fillBatch(area, 0); // not staged there, so there is nothing to do
        workers.wakeForBatch();
      }
      while (test.get().stats().overtakenPages() < 3 * BATCH) {
        Thread.sleep(1); // the build's limit ends this if a worker does not go on
      }
      assertThat(area.hasPages()).isTrue();
      workers.shutDown();
      file.close();
      Files.delete(path);
    }
  }

  private static void fillBatch(StagingArea area, long page) {
    long writer = area.newWriter();
    int batch = area.open(writer);
    area.add(batch, 0, page);
    for (int i = 1; i < BATCH; i++) {
      assertThat(area.begin(batch, writer)).isTrue();
      area.add(batch, i, page);
    }
  }

  @Test
  void closingAStoreAgainDoesNothing() throws Exception {
    try (TestStore test = new TestStore(OPTIONS)) {
      test.get().close();
      // Takes the addresses that the first one had, as anybody's memory might.
      try (TestStore other = new TestStore(OPTIONS)) {
        test.get().close();
        assertThatCode(() -> other.get().stats()).doesNotThrowAnyException();
        assertThat(other.get().geometry().sizeBytes()).isEqualTo(256 * PAGE);
      }
    }
  }
}
