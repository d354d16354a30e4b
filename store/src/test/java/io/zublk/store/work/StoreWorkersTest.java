package io.zublk.store.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.store.TestPages;
import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.arena.SlabArena;
import io.zublk.store.file.StoreFile;
import io.zublk.store.page.Counter;
import io.zublk.store.page.Pages;
import io.zublk.store.staging.StagingArea;
import io.zublk.store.staging.StagingWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StoreWorkersTest {

  private static final int BATCH = 16;

  private Path directory;
  private StoreFile file;
  private StagingArea area;
  private Pages pages;
  private StoreWorkers workers;
  private StoreWorkers many;

  /** One worker, whose thread is not started. */
  @BeforeEach
  void open() throws Exception {
    directory = Files.createTempDirectory(TestPages.SHM, "zublk-workers-test");
    file = StoreFile.create(directory.resolve("store"), 256, TestPages.LZ4, StoreFile.ANY_NODE);
    MemoryBudget budget = new MemoryBudget(0, 0);
    area = new StagingArea(file, budget, 4 * BATCH, BATCH);
    pages = new Pages(file, TestPages.LZ4, budget, new SlabArena(file, budget, true), area);
    workers = new StoreWorkers(pages, budget, 1, new BitSet(), 50_000);
    many = new StoreWorkers(pages, budget, 8, new BitSet(), 50_000);
  }

  /** Also after a test that failed: threads that outlive their memory end the JVM. */
  @AfterEach
  void close() throws Exception {
    workers.shutDown();
    many.shutDown();
    file.close();
    Files.delete(directory.resolve("store"));
    Files.delete(directory);
  }

  @Test
  void aBatchThatCannotBeCompressedEndsNoWorkerAndKeepsNoOtherBatchWaiting() throws Exception {
    workers.start();
    fillBatch(1L << 50); // no such page: its entry is outside of the memory
    workers.ring(true);
    for (int i = 0; i < 3; i++) {
      fillBatch(0); // not staged there, so there is nothing to do
      workers.ring(true);
    }
    while (pages.counters().sum(Counter.OVERTAKEN_PAGES) < 3 * BATCH) {
      Thread.sleep(1); // the build's limit ends this if a worker does not go on
    }
    assertThat(area.hasPages()).isTrue();
  }

  /** Whoever rests is woken for nothing, and what others wake it for is done by the rest. */
  @Test
  void thoseThatRestLeaveAllWorkToTheOthers() throws Exception {
    many.start();
    for (int round = 0; round < 200; round++) {
      int active = 1 + round % 8;
      many.setActive(active);
      fillBatch(0);
      many.ring(true);
      while (area.hasPages()) {
        Thread.sleep(1); // the build's limit ends this if the batch is nobody's
      }
    }
    assertThat(pages.counters().sum(Counter.OVERTAKEN_PAGES)).isEqualTo(200L * BATCH);
    assertThatThrownBy(() -> many.setActive(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> many.setActive(9)).isInstanceOf(IllegalArgumentException.class);
  }

  private void fillBatch(long page) {
    StagingWriter writer = new StagingWriter(area, _ -> {});
    for (int i = 0; i < BATCH; i++) {
      assertThat(writer.nextSlot()).isNotNegative();
      writer.add(page);
    }
    writer.announce();
  }

  @Test
  void aHelperThatHasAPartInOneReadIsNotPromisedToAnother() {
    HelpJob helper = new HelpJob();
    LargeRead first = new LargeRead(workers);
    LargeRead second = new LargeRead(workers);
    assertThat(helper.offer(first)).isTrue();
    assertThat(helper.offer(second)).isFalse(); // its thread was claimed, slept, and again claimed
    assertThat(helper.dismiss(second)).isFalse();
    assertThat(helper.dismiss(first)).isTrue();
  }
}
