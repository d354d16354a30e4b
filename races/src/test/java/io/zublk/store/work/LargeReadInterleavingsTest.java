package io.zublk.store.work;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.IdleSet;
import io.zublk.codec.PageCodec;
import io.zublk.races.Interleavings;
import io.zublk.races.Scenario;
import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.arena.SlabArena;
import io.zublk.store.file.SharedFile;
import io.zublk.store.file.StoreFile;
import io.zublk.store.page.PageAccess;
import io.zublk.store.page.Pages;
import io.zublk.store.staging.StagingArea;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The steps with which readers ask a sleeping worker for help, and take that back. */
class LargeReadInterleavingsTest {

  /** Two pieces, and one helper for both. */
  private static final int PAGES = 32;

  private static final long BYTES = (long) PAGES * PageCodec.PAGE_BYTES;

  /** Pages that are absent. */
  private static Pages emptyPages() {
    StoreFile file = SharedFile.file();
    MemoryBudget budget = new MemoryBudget(0, 0);
    SlabArena arena = new SlabArena(file, budget, true);
    return new Pages(file, file.packing(), budget, arena, new StagingArea(file, budget, 0, 1));
  }

  /** One worker, which goes to sleep, and two that want its help: nobody waits for ever. */
  static final class TwoReadersAndAWorker implements Scenario {
    private static final Pages EMPTY = emptyPages();
    private static final MemorySegment ZEROS = Arena.global().allocate(BYTES);
    private static final MemorySegment FIRST = Arena.global().allocate(BYTES);
    private static final MemorySegment SECOND = Arena.global().allocate(BYTES);

    private final StoreWorkers workers;
    private final StoreWorker worker;
    private final AtomicInteger reading = new AtomicInteger(2);

    TwoReadersAndAWorker() throws IOException {
      workers = new StoreWorkers(EMPTY, new MemoryBudget(0, 0), 1, new BitSet(), 1000);
      worker = workers.worker(0);
      FIRST.fill((byte) 1);
      SECOND.fill((byte) 1);
    }

    @Override
    @SuppressWarnings("DoNotCall") // its work is wanted, not its thread
    public List<Work> threads() {
      return List.of(() -> read(FIRST), () -> read(SECOND), worker::run);
    }

    private void read(MemorySegment target) throws IOException {
      PageAccess access = EMPTY.open();
      try {
        int result = new LargeRead(workers).run(access.reader(), 0, PAGES, target, 0);
        assertThat(result).isZero();
      } finally {
        access.close();
        if (reading.decrementAndGet() == 0) {
          worker.shutDown();
        }
      }
    }

    @Override
    public void check() {
      assertThat(FIRST.mismatch(ZEROS)).isEqualTo(-1);
      assertThat(SECOND.mismatch(ZEROS)).isEqualTo(-1);
    }
  }

  @Test
  void nobodyWaitsForEver() throws Exception {
    assertThat(
            Interleavings.explore(
                TwoReadersAndAWorker.class, 2, StoreWorker.class, HelpJob.class, IdleSet.class))
        .isGreaterThan(500);
  }
}
