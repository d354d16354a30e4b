package io.zublk.store.page;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.Errno;
import io.zublk.block.Geometry;
import io.zublk.store.TestPages;
import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.arena.SlabArena;
import io.zublk.store.file.StoreFile;
import io.zublk.store.staging.StagingArea;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CompactorTest {

  /** A device whose table takes some milliseconds to look through. */
  private static final int PAGES = 1 << 20;

  private static final int ROOM = 8 << 20;
  private static final int WRITES = 2000;

  private final MemorySegment page = Arena.ofAuto().allocate(Geometry.PAGE_BYTES, Long.BYTES);

  private final Random random = new Random(1);

  /** Each write at the limit frees a little, and may need memory for a page of another size. */
  @Test
  void writesAtTheLimitDoNotEachLookForWhatTheLastOneCouldNotFind() throws Exception {
    Path directory = Files.createTempDirectory(TestPages.SHM, "zublk-compactor-test");
    Path path = directory.resolve("store");
    try (StoreFile file = StoreFile.createSparse(path, PAGES, TestPages.LZ4, StoreFile.ANY_NODE)) {
      MemoryBudget budget = new MemoryBudget(file.extent().metadataBytes, 0);
      budget.setLimit(budget.usedBytes() + ROOM);
      StagingArea none = new StagingArea(file, budget, 0, 1);
      Pages pages =
          new Pages(file, TestPages.LZ4, budget, new SlabArena(file, budget, false), none);
      try (PageAccess access = pages.open()) {
        int written = 0;
        while (write(access, written) == 0) {
          written++;
        }
        long before = pages.compactor().cycles();
        for (int i = 0; i < WRITES; i++) {
          assertThat(write(access, random.nextInt(written))).isIn(0, -Errno.ENOSPC);
        }
        assertThat(pages.compactor().cycles() - before).isLessThan(WRITES / 100);
        for (int i = 0; i < written; i += 2) {
          assertThat(access.writer().drop(i)).isZero();
        }
        assertThat(pages.compactor().makeRoom(access.mover())).isTrue();
      }
    } finally {
      Files.delete(path);
      Files.delete(directory);
    }
  }

  /** Writes a page that shrinks to any size. */
  private int write(PageAccess access, int number) {
    int words = 1 + random.nextInt(Geometry.PAGE_BYTES / Long.BYTES);
    page.fill((byte) 0);
    for (int i = 0; i < words; i++) {
      page.set(JAVA_LONG, (long) i * Long.BYTES, random.nextLong());
    }
    return access.writer().write(number, 0, page, 0, Geometry.PAGE_BYTES);
  }
}
