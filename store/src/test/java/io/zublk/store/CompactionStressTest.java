package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.BlockChannel;
import io.zublk.block.Errno;
import io.zublk.store.file.StoreExtent;
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
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Objects are moved all the time, and there is seldom memory for another one, while every page has
 * one writer that gives it ever higher versions and readers that know the last one acknowledged.
 */
class CompactionStressTest {

  private static final int PAGES = 2048;
  private static final int WRITERS = 2;
  private static final int OPERATIONS = 40_000;

  /** Of the arena: some two thirds of what all pages would take. */
  private static final long ROOM = 3 << 20;

  private final AtomicLongArray acknowledged = new AtomicLongArray(PAGES);
  private final AtomicLong refused = new AtomicLong();

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void readersSeeWholePagesWhileObjectsMove(int workers) throws Exception {
    long metadata = StoreExtent.ofNew(PAGES).metadataBytes;
    StoreOptions options = new StoreOptions((long) PAGES * PAGE, TestPages.LZ4, metadata + ROOM);
    StoreTuning tuning =
        workers == 0
            ? StoreTuning.INLINE
            : new StoreTuning(workers, 8, 20, 64, new BitSet(), StoreTuning.ANY_NODE);
    try (TestStore test = new TestStore(options, tuning);
        ExecutorService pool = Executors.newFixedThreadPool(WRITERS + 2)) {
      List<Future<Void>> writers = new ArrayList<>();
      for (int i = 0; i < WRITERS; i++) {
        writers.add(pool.submit(writer(test.get(), i)));
      }
      Future<Void> reader = pool.submit(reader(test.get(), writers));
      Future<Void> compactor = pool.submit(compactor(test.get(), writers));
      for (Future<Void> writer : writers) {
        writer.get();
      }
      reader.get();
      compactor.get();
      assertThat(test.get().settle()).isTrue();
      StoreStats stats = test.get().stats();
      assertThat(stats.checksumErrors()).isZero();
      assertThat(stats.memUsedMax()).isLessThanOrEqualTo(metadata + ROOM);
      assertThat(stats.pagesCompacted()).isPositive();
      assertThat(refused.get()).isPositive();
      boolean _ = test.get().trim();
      assertThat(test.get().stats().memUsedTotal()).isEqualTo(test.get().allocatedBytes());
      try (BlockChannel channel = test.reopen().openChannel()) {
        checkAll(channel);
      }
      assertThat(test.get().stats().checksumErrors()).isZero();
      assertThat(test.get().stats().origDataSize()).isEqualTo(stats.origDataSize());
    }
  }

  /** Of four versions the last is a discard; versions compress to sizes of all kinds. */
  private Callable<Void> writer(PageStore store, int id) {
    return () -> {
      Random random = new Random(id);
      MemorySegment buffer = Arena.ofAuto().allocate(PAGE, PAGE);
      try (BlockChannel channel = store.openChannel()) {
        for (int i = 0; i < OPERATIONS; i++) {
          int page = random.nextInt(PAGES / WRITERS) * WRITERS + id;
          long version = acknowledged.get(page) + 1;
          int result;
          if (version % 4 == 0) {
            result = channel.discard((long) page * PAGE, PAGE);
          } else {
            TestPages.write(buffer, 0, version);
            result = channel.write((long) page * PAGE, buffer, 0, PAGE);
          }
          if (result == 0) {
            acknowledged.set(page, version);
          } else {
            assertThat(result).isEqualTo(-Errno.ENOSPC);
            refused.incrementAndGet();
          }
        }
      }
      return null;
    };
  }

  private Callable<Void> reader(PageStore store, List<Future<Void>> writers) {
    return () -> {
      Random random = new Random(99);
      MemorySegment buffer = Arena.ofAuto().allocate(PAGE, PAGE);
      MemorySegment scratch = Arena.ofAuto().allocate(PAGE, PAGE);
      try (BlockChannel channel = store.openChannel()) {
        while (!writers.stream().allMatch(Future::isDone)) {
          int page = random.nextInt(PAGES);
          long atLeast = acknowledged.get(page);
          assertThat(channel.read((long) page * PAGE, buffer, 0, PAGE)).isZero();
          long atMost = acknowledged.get(page) + 1;
          long seen = TestPages.seedOf(buffer, 0, scratch);
          boolean mayBeAbsent = atLeast == 0 || atMost / 4 > (atLeast - 1) / 4;
          assertThat(seen == 0 ? mayBeAbsent : seen >= atLeast && seen <= atMost)
              .as("page %d: %d is not in %d..%d", page, seen, atLeast, atMost)
              .isTrue();
        }
      }
      return null;
    };
  }

  private static Callable<Void> compactor(PageStore store, List<Future<Void>> writers) {
    return () -> {
      while (!writers.stream().allMatch(Future::isDone)) {
        boolean _ = store.compact();
      }
      return null;
    };
  }

  private void checkAll(BlockChannel channel) {
    MemorySegment buffer = Arena.ofAuto().allocate(PAGE, PAGE);
    MemorySegment scratch = Arena.ofAuto().allocate(PAGE, PAGE);
    for (int page = 0; page < PAGES; page++) {
      long version = acknowledged.get(page);
      assertThat(channel.read((long) page * PAGE, buffer, 0, PAGE)).isZero();
      assertThat(TestPages.seedOf(buffer, 0, scratch)).isEqualTo(version % 4 == 0 ? 0 : version);
    }
  }
}
