package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.BlockChannel;
import io.zublk.codec.PackingSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Many threads on few pages. Every page has one writer, which gives it ever higher versions, and
 * any number of readers, which must never see a version older than one that was acknowledged before
 * they began, nor a page that is no version. Further pages are everybody's to write.
 */
class PageStoreStressTest {

  private static final int PAGES = 16;
  private static final int SHARED_PAGES = 4;
  private static final int WRITERS = 3;
  private static final int READERS = 3;
  private static final int OPERATIONS = 60_000;

  private final AtomicLongArray acknowledged = new AtomicLongArray(PAGES);

  @ParameterizedTest
  @ValueSource(strings = {"lz4", "zstd", "line+lz4", "none"})
  void readersSeeOnlyWholePagesAndNoneOlderThanAcknowledged(String codec) throws Exception {
    stress(codec, StoreTuning.INLINE);
  }

  /** The pool is so small that every state of a batch is always about to change. */
  @ParameterizedTest
  @ValueSource(strings = {"lz4", "zstd", "line+lz4"})
  void theSameHoldsWhileWorkersCompressWhatIsStaged(String codec) throws Exception {
    StoreStats stats = stress(codec, new StoreTuning(2, 4, 20, 24, new BitSet(), -1));
    assertThat(stats.stagedPagesSince()).isPositive();
    assertThat(stats.unstagedPages()).isPositive();
    assertThat(stats.overtakenPages()).isPositive();
  }

  private StoreStats stress(String codec, StoreTuning tuning) throws Exception {
    StoreOptions options = new StoreOptions(1 << 20, PackingSpec.parse(codec), 0);
    try (TestStore test = new TestStore(options, tuning);
        ExecutorService pool = Executors.newFixedThreadPool(WRITERS + READERS)) {
      List<Future<Void>> results = new ArrayList<>();
      for (int i = 0; i < WRITERS; i++) {
        results.add(pool.submit(writer(test.get(), i)));
      }
      for (int i = 0; i < READERS; i++) {
        results.add(pool.submit(reader(test.get(), i)));
      }
      for (Future<Void> result : results) {
        result.get();
      }
      assertThat(test.get().settle()).isTrue();
      test.get().trim();
      StoreStats stats = test.get().stats();
      assertThat(stats.checksumErrors()).isZero();
      assertThat(stats.stagedPages()).isZero();
      assertThat(stats.memUsedTotal()).isEqualTo(test.get().allocatedBytes());
      StoreStats again = test.reopen().stats();
      assertThat(again.origDataSize()).isEqualTo(stats.origDataSize());
      assertThat(again.comprDataSize()).isEqualTo(stats.comprDataSize());
      assertThat(again.memUsedTotal()).isEqualTo(stats.memUsedTotal());
      return stats;
    }
  }

  private Callable<Void> writer(PageStore store, int id) {
    return () -> {
      Random random = new Random(id);
      MemorySegment buffer = Arena.ofAuto().allocate(PAGE, PAGE);
      try (BlockChannel channel = store.openChannel()) {
        for (int i = 0; i < OPERATIONS; i++) {
          int page = random.nextInt(PAGES / WRITERS) * WRITERS + id;
          int shared = PAGES + random.nextInt(SHARED_PAGES);
          if (random.nextInt(4) == 0) {
            scribble(channel, buffer, shared, random);
          } else {
            TestPages.write(buffer, 0, acknowledged.get(page) + 1);
            assertThat(channel.write((long) page * PAGE, buffer, 0, PAGE)).isZero();
            acknowledged.incrementAndGet(page);
          }
        }
      }
      return null;
    };
  }

  /** Everything that one can do to a page, without changing what a reader may expect of it. */
  private static void scribble(
      BlockChannel channel, MemorySegment buffer, int page, Random random) {
    long position = (long) page * PAGE;
    int result =
        switch (random.nextInt(4)) {
          case 0 -> channel.discard(position, PAGE);
          case 1 -> channel.writeZeroes(position, PAGE, random.nextBoolean());
          case 2 -> channel.writeZeroes(position, 1000, true);
          default -> {
            TestPages.write(buffer, 0, 1 + random.nextInt(1000));
            yield random.nextBoolean()
                ? channel.write(position, buffer, 0, PAGE)
                : channel.write(position + 8, buffer, 8, 500);
          }
        };
    assertThat(result).isZero();
  }

  private Callable<Void> reader(PageStore store, int id) {
    return () -> {
      Random random = new Random(~id);
      MemorySegment buffer = Arena.ofAuto().allocate(PAGE, PAGE);
      MemorySegment scratch = Arena.ofAuto().allocate(PAGE, PAGE);
      try (BlockChannel channel = store.openChannel()) {
        for (int i = 0; i < OPERATIONS; i++) {
          int page = random.nextInt(PAGES + SHARED_PAGES);
          long atLeast = page < PAGES ? acknowledged.get(page) : 0;
          assertThat(channel.read((long) page * PAGE, buffer, 0, PAGE)).isZero();
          if (page < PAGES) {
            long version = TestPages.seedOf(buffer, 0, scratch);
            assertThat(version).isGreaterThanOrEqualTo(atLeast);
            assertThat(version).isLessThanOrEqualTo(acknowledged.get(page) + 1);
          }
        }
      }
      return null;
    };
  }
}
