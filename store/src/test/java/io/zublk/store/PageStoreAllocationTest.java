package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.zublk.block.BlockChannel;
import io.zublk.codec.PackingSpec;
import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.page.PageAccess;
import io.zublk.store.page.Pages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageStoreAllocationTest {

  private static final int PAGES = 4096;
  private static final int LARGE = 256 << 10;
  private static final int OPERATIONS = 1_000_000;

  /**
   * Late compilation spoils rounds, more so on a busy machine; an operation that does would in
   * every round.
   */
  private static final int ROUNDS = 50;

  /** What the counting itself may cost, in bytes: one object in every 500 operations is more. */
  private static final long TOLERANCE = 32 << 10;

  @ParameterizedTest
  @ValueSource(strings = {"lz4", "zstd", "line+lz4"})
  void aMillionOperationsAllocateNoObject(String codec) throws Exception {
    countAllocation(codec, StoreTuning.INLINE);
  }

  @Test
  void norDoStagingAndSharedReads() throws Exception {
    countAllocation("lz4", new StoreTuning(2, 16, 50, 512, new BitSet(), StoreTuning.ANY_NODE));
  }

  @Test
  void norDoesAReserve() throws Exception {
    StoreTuning tuning = new StoreTuning(1, 16, 50, 0, new BitSet(), StoreTuning.ANY_NODE);
    countAllocation("lz4", tuning.withReserve(4 << 20));
  }

  /** A codec that was not needed before is opened once. */
  @ParameterizedTest
  @ValueSource(strings = {"lz4", "zstd", "none"})
  void norDoReadsOfPagesOfAnyCodec(String codec) throws Exception {
    StoreOptions options = new StoreOptions((long) PAGES * PAGE, PackingSpec.parse(codec), 0);
    try (TestStore test = new TestStore(options);
        BlockChannel channel = test.get().openChannel()) {
      writePage(test.get(), TestPages.LZ4, 0);
      writePage(test.get(), TestPages.ZSTD, 1);
      writePage(test.get(), TestPages.LINE, 2);
      long allocated = Long.MAX_VALUE;
      for (int round = 0; round < ROUNDS && allocated > TOLERANCE; round++) {
        long before = allocatedBytes();
        int failed = 0;
        for (int i = 0; i < OPERATIONS; i++) {
          failed += channel.read(i % 3L * PAGE, READ_TARGET, 0, PAGE);
        }
        assertThat(failed).isZero();
        allocated = allocatedBytes() - before;
      }
      assertThat(allocated).isLessThanOrEqualTo(TOLERANCE);
    }
  }

  private static void writePage(PageStore store, PackingSpec packing, long page) throws Exception {
    Pages shared = store.pages();
    MemoryBudget budget = new MemoryBudget(0, 0);
    Pages other = new Pages(shared.file(), packing, budget, shared.arena(), shared.staging());
    try (PageAccess access = other.open()) {
      TestPages.write(READ_TARGET, 0, 1);
      assertThat(access.writer().write(page, 0, READ_TARGET, 0, PAGE)).isZero();
    }
  }

  private static void countAllocation(String codec, StoreTuning tuning) throws Exception {
    StoreOptions options = new StoreOptions((long) PAGES * PAGE, PackingSpec.parse(codec), 0);
    try (TestStore test = new TestStore(options, tuning);
        BlockChannel channel = test.get().openChannel()) {
      MemorySegment buffer = Arena.ofAuto().allocate(16 * PAGE, PAGE);
      for (int i = 0; i < 16; i++) {
        TestPages.write(buffer, (long) i * PAGE, 1000 + i);
      }
      long allocated = Long.MAX_VALUE;
      for (int round = 0; round < ROUNDS && allocated > TOLERANCE; round++) {
        long before = allocatedBytes();
        assertThat(run(channel, buffer, OPERATIONS)).isZero();
        allocated = allocatedBytes() - before;
      }
      assertThat(allocated).isLessThanOrEqualTo(TOLERANCE);
    }
  }

  /** By this thread and the store's workers. */
  private static long allocatedBytes() {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long bytes = threads.getCurrentThreadAllocatedBytes();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith("store-worker-")) {
        bytes += threads.getThreadAllocatedBytes(thread.threadId());
      }
    }
    return bytes;
  }

  private static int run(BlockChannel channel, MemorySegment buffer, int operations) {
    int failed = 0;
    for (int i = 0; i < operations; i++) {
      long page = ((i * 2654435761L) >>> 7) % PAGES;
      long offset = (long) (i & 15) * PAGE;
      failed +=
          switch (i & 7) {
            case 0 -> channel.write(page * PAGE, buffer, offset, PAGE);
            case 1 -> channel.write(page * PAGE + 100, buffer, offset, 512);
            case 2 -> channel.discard(page * PAGE, PAGE);
            case 3 -> channel.read(page * PAGE + 100, READ_TARGET, 100, 777);
            case 4 ->
                (i & 1023) == 4
                    ? channel.read(0, READ_TARGET, 0, LARGE)
                    : (int) channel.status(page * PAGE, PAGE) >>> 31;
            default -> channel.read(page * PAGE, READ_TARGET, 0, PAGE);
          };
    }
    return failed;
  }

  private static final MemorySegment READ_TARGET = Arena.global().allocate(LARGE, PAGE);
}
