package io.zublk.store.page;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.Errno;
import io.zublk.codec.PageCodec;
import io.zublk.races.Interleavings;
import io.zublk.races.Scenario;
import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.arena.SlabArena;
import io.zublk.store.file.SharedFile;
import io.zublk.store.file.StoreFile;
import io.zublk.store.staging.StagingArea;
import io.zublk.store.table.PageEntry;
import io.zublk.store.table.PageTable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The steps with which a page's object moves, or is replaced in place, while others use the page.
 */
class MoveInterleavingsTest {

  private static final int PAGE_BYTES = PageCodec.PAGE_BYTES;

  /** A page, its accesses, and what the threads saw. */
  abstract static class OnePage implements Scenario {
    private static final MemorySegment VERSIONS = versions();

    final StoreFile file = SharedFile.file();
    final MemoryBudget budget = new MemoryBudget(0, 0);
    final PageTable table;
    final SlabArena arena;
    final Pages pages;
    final MemorySegment seen = Arena.ofAuto().allocate(PAGE_BYTES);

    OnePage() {
      file.release(0, file.layout().stagingOffset - file.layout().arenaOffset);
      file.clearDerived();
      arena = new SlabArena(file, budget, true);
      StagingArea none = new StagingArea(file, budget, 0, 1);
      pages = new Pages(file, file.packing(), budget, arena, none);
      table = pages.table();
      table.unlock(0, 0);
    }

    /** Version n is a page that begins with n and does not shrink below half. */
    private static MemorySegment versions() {
      MemorySegment pages = Arena.global().allocate(4L * PAGE_BYTES);
      for (int version = 0; version < 4; version++) {
        long random = version;
        pages.set(JAVA_LONG, (long) version * PAGE_BYTES, version);
        for (long at = Long.BYTES; at < PAGE_BYTES / 2; at += Long.BYTES) {
          random = random * 6364136223846793005L + 1442695040888963407L;
          pages.set(JAVA_LONG, (long) version * PAGE_BYTES + at, random);
        }
      }
      return pages;
    }

    private static int write(PageAccess access, int version) {
      return access.writer().write(0, 0, VERSIONS, (long) version * PAGE_BYTES, PAGE_BYTES);
    }

    void store(int version) throws IOException {
      try (PageAccess access = pages.open()) {
        assertThat(write(access, version)).isZero();
      }
    }

    /** What a writer does when there is no memory; false if that cannot be done now. */
    boolean storeInPlace(int version) throws IOException {
      try (PageAccess access = pages.open()) {
        int result =
            access.inPlace().write(0, 0, VERSIONS, (long) version * PAGE_BYTES, PAGE_BYTES);
        assertThat(result).isIn(0, -Errno.ENOSPC);
        return result == 0;
      }
    }

    void move() throws IOException {
      try (PageAccess access = pages.open()) {
        long entry = table.get(0) & ~PageEntry.LOCK;
        if (PageEntry.isStored(entry)) {
          assertThat(access.mover().move(0, entry)).isTrue();
        }
      }
    }

    /** The version that the page has; it must be whole. */
    int load() throws IOException {
      try (PageAccess access = pages.open()) {
        assertThat(access.reader().read(0, seen, 0)).isZero();
      }
      int version = (int) seen.get(JAVA_LONG, 0);
      long at = (long) version * PAGE_BYTES;
      assertThat(MemorySegment.mismatch(seen, 0, PAGE_BYTES, VERSIONS, at, at + PAGE_BYTES))
          .isEqualTo(-1);
      return version;
    }

    /** Without the page nothing is in use. */
    void checkNothingIsLost() throws IOException {
      try (PageAccess access = pages.open()) {
        assertThat(access.writer().drop(0)).isZero();
      }
      boolean _ = arena.tidy();
      assertThat(budget.usedBytes()).isZero();
      assertThat(pages.spare().take()).isTrue();
    }
  }

  static final class OneMovesWhileOthersReadAndWrite extends OnePage {
    int read;

    OneMovesWhileOthersReadAndWrite() throws IOException {
      store(1);
    }

    @Override
    public List<Work> threads() {
      return List.of(this::move, () -> store(2), () -> read = load());
    }

    @Override
    public void check() throws IOException {
      assertThat(read).isIn(1, 2);
      assertThat(load()).isEqualTo(2);
      checkNothingIsLost();
    }
  }

  static final class OneWritesInPlaceWhileOthersReadAndMove extends OnePage {
    int read;
    boolean written;

    OneWritesInPlaceWhileOthersReadAndMove() throws IOException {
      store(1);
    }

    @Override
    public List<Work> threads() {
      return List.of(() -> written = storeInPlace(2), () -> read = load(), this::move);
    }

    @Override
    public void check() throws IOException {
      assertThat(written).isTrue();
      assertThat(read).isIn(1, 2);
      assertThat(load()).isEqualTo(2);
      checkNothingIsLost();
    }
  }

  static final class TwoWriteAtTheSameTimeOneOfThemInPlace extends OnePage {
    TwoWriteAtTheSameTimeOneOfThemInPlace() throws IOException {
      store(1);
    }

    @Override
    public List<Work> threads() {
      return List.of(() -> assertThat(storeInPlace(2)).isTrue(), () -> store(3));
    }

    @Override
    public void check() throws IOException {
      assertThat(load()).isIn(2, 3);
      checkNothingIsLost();
    }
  }

  @Test
  void aPageThatMovesIsWholeAndItsLastVersion() throws Exception {
    assertThat(Interleavings.explore(OneMovesWhileOthersReadAndWrite.class, 2, PageTable.class))
        .isGreaterThan(50);
  }

  @Test
  void aPageThatIsReplacedInPlaceIsWholeAndItsLastVersion() throws Exception {
    assertThat(
            Interleavings.explore(OneWritesInPlaceWhileOthersReadAndMove.class, 2, PageTable.class))
        .isGreaterThan(50);
  }

  @Test
  void theLaterOfTwoWritesWinsAndNoSlotIsLost() throws Exception {
    assertThat(
            Interleavings.explore(TwoWriteAtTheSameTimeOneOfThemInPlace.class, 3, PageTable.class))
        .isGreaterThan(20);
  }
}
