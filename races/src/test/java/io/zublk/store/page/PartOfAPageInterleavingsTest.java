package io.zublk.store.page;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.Geometry;
import io.zublk.races.Interleavings;
import io.zublk.races.Scenario;
import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.arena.SlabArena;
import io.zublk.store.file.SharedFile;
import io.zublk.store.file.StoreFile;
import io.zublk.store.staging.StagingArea;
import io.zublk.store.table.PageEntry;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The steps with which part of a page is replaced. */
class PartOfAPageInterleavingsTest {

  private static final int HALF = Geometry.PAGE_BYTES / 2;

  /** The kernel may take long to find memory, and who waits for a lock gives up some time. */
  static final class SomebodyLooksWhileAPartIsWritten implements Scenario {
    private static final MemorySegment RANDOM = random();

    private final StoreFile file = SharedFile.file();
    private final MemoryBudget budget = new MemoryBudget(0, 0);
    private final Pages pages;
    private boolean isLockedWhileMemoryIsFound;

    SomebodyLooksWhileAPartIsWritten() {
      file.release(0, file.layout().stagingOffset - file.layout().arenaOffset);
      file.clearDerived();
      StagingArea none = new StagingArea(file, budget, 0, 1);
      pages = new Pages(file, file.packing(), budget, new SlabArena(file, budget, false), none);
      pages.table().unlock(0, 0);
    }

    private static MemorySegment random() {
      MemorySegment memory = Arena.global().allocate(HALF);
      long random = 1;
      for (long at = 0; at < HALF; at += Long.BYTES) {
        random = random * 6364136223846793005L + 1442695040888963407L;
        memory.set(JAVA_LONG, at, random);
      }
      return memory;
    }

    @Override
    public List<Work> threads() {
      return List.of(this::write, this::look);
    }

    private void write() throws IOException {
      try (PageAccess access = pages.open()) {
        assertThat(access.writer().write(0, 8, RANDOM, 0, HALF)).isZero();
      }
    }

    /** Memory is counted before the kernel is asked for it, and noted afterwards. */
    private void look() {
      long entry = file.memory().get(JAVA_LONG, file.layout().tableOffset);
      long noted = file.memory().get(JAVA_LONG, file.layout().directoryOffset) & (0xffffL << 12);
      isLockedWhileMemoryIsFound =
          (entry & PageEntry.LOCK) != 0 && budget.usedBytes() > 0 && noted == 0;
    }

    @Override
    public void check() throws IOException {
      assertThat(isLockedWhileMemoryIsFound).isFalse();
      MemorySegment read = Arena.ofAuto().allocate(Geometry.PAGE_BYTES);
      try (PageAccess access = pages.open()) {
        assertThat(access.reader().read(0, read, 0)).isZero();
        assertThat(access.writer().drop(0)).isZero();
      }
      assertThat(MemorySegment.mismatch(read, 8, 8 + HALF, RANDOM, 0, HALF)).isEqualTo(-1);
      assertThat(budget.usedBytes()).isZero();
    }
  }

  @Test
  void noEntryIsLockedWhileMemoryIsFound() throws Exception {
    Class<?> directory = Class.forName("io.zublk.store.arena.SlabDirectory");
    assertThat(Interleavings.explore(SomebodyLooksWhileAPartIsWritten.class, 1, directory))
        .isGreaterThan(5);
  }
}
