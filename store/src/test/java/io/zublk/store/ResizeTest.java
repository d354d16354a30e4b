package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.BlockChannel;
import io.zublk.block.Errno;
import io.zublk.store.file.StoreExtent;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResizeTest {

  private static final int PAGES = 2048;
  private static final StoreOptions OPTIONS =
      new StoreOptions((long) PAGES * PAGE, TestPages.LZ4, 0);

  private final MemorySegment buffer = Arena.ofAuto().allocate(PAGE, PAGE);
  private final MemorySegment scratch = Arena.ofAuto().allocate(PAGE, PAGE);

  private static StoreTuning tuning(int workers) {
    return new StoreTuning(
        workers, 64, 100, workers == 0 ? 0 : 512, new BitSet(), StoreTuning.ANY_NODE);
  }

  private static long bytes(long pages) {
    return pages * PAGE;
  }

  private int write(BlockChannel channel, long page, long seed) {
    TestPages.write(buffer, 0, seed);
    return channel.write(page * PAGE, buffer, 0, PAGE);
  }

  /** The seed of a page, 0 if it is zeros. */
  private long read(BlockChannel channel, long page) {
    assertThat(channel.read(page * PAGE, buffer, 0, PAGE)).isZero();
    return TestPages.seedOf(buffer, 0, scratch);
  }

  private static void assertTakesWhatItSays(PageStore store) throws Exception {
    assertThat(store.settle()).isTrue();
    boolean _ = store.trim();
    assertThat(store.allocatedBytes()).isEqualTo(store.stats().memUsedTotal());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void aLargerOneHasZerosAtItsEndAndKeepsTheRest(int workers) throws Exception {
    try (TestStore test = new TestStore(OPTIONS, tuning(workers));
        BlockChannel channel = test.get().openChannel()) {
      assertThat(write(channel, PAGES - 1, 7)).isZero();
      assertThat(write(channel, PAGES, 8)).isEqualTo(-Errno.EINVAL);
      test.get().resize(bytes(16 * PAGES), false);
      assertThat(test.get().geometry().sizeBytes()).isEqualTo(bytes(16 * PAGES));
      assertThat(read(channel, PAGES - 1)).isEqualTo(7);
      assertThat(read(channel, 16 * PAGES - 1)).isZero();
      for (int page = PAGES; page < 16 * PAGES; page += 5) {
        assertThat(write(channel, page, page)).isZero();
      }
      assertTakesWhatItSays(test.get());
      try (BlockChannel other = test.reopen().openChannel()) {
        for (int page = PAGES; page < 16 * PAGES; page += 5) {
          assertThat(read(other, page)).isEqualTo(page);
        }
      }
      assertTakesWhatItSays(test.get());
    }
  }

  @Test
  void thereIsAnEndToGrowing() throws Exception {
    try (TestStore test = new TestStore(OPTIONS)) {
      assertThatThrownBy(() -> test.get().resize(bytes(16 * PAGES + 1), false))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("has addresses for " + bytes(16 * PAGES) + " bytes at most");
      assertThatThrownBy(() -> test.get().resize(4097, false))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(test.get().geometry().sizeBytes()).isEqualTo(bytes(PAGES));
    }
  }

  @Test
  void whatTheLimitDoesNotLeaveIsNotGrownBy() throws Exception {
    long limit = StoreExtent.ofNew(PAGES).metadataBytes + (64 << 10);
    try (TestStore test = new TestStore(new StoreOptions(bytes(PAGES), TestPages.LZ4, limit))) {
      assertThatThrownBy(() -> test.get().resize(bytes(16 * PAGES), false))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("which the memory limit does not leave");
      assertThat(test.get().geometry().sizeBytes()).isEqualTo(bytes(PAGES));
      assertTakesWhatItSays(test.get());
      test.get().setMemLimit(0);
      test.get().resize(bytes(16 * PAGES), false);
      assertTakesWhatItSays(test.get());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void oneWithDataAtItsEndGetsSmallerByForceOnly(int workers) throws Exception {
    try (TestStore test = new TestStore(OPTIONS, tuning(workers));
        BlockChannel channel = test.get().openChannel()) {
      assertThat(write(channel, 3, 3)).isZero();
      assertThat(write(channel, 1000, 1000)).isZero();
      assertThatThrownBy(() -> test.get().resize(bytes(100), false))
          .isInstanceOf(IOException.class)
          .hasMessage("there are data beyond that size, at byte " + bytes(1000));
      assertThat(read(channel, 1000)).isEqualTo(1000);
      test.get().resize(bytes(1001), false);
      assertThat(read(channel, 1000)).isEqualTo(1000);
      test.get().resize(bytes(100), true);
      assertThat(read(channel, 3)).isEqualTo(3);
      assertThat(write(channel, 100, 1)).isEqualTo(-Errno.EINVAL);
      assertTakesWhatItSays(test.get());
      assertThat(test.get().stats().origDataSize()).isEqualTo(PAGE);
      test.get().resize(bytes(PAGES), false);
      assertThat(read(channel, 1000)).isZero();
      assertTakesWhatItSays(test.get());
    }
  }

  @Test
  void zerosAreNoData() throws Exception {
    try (TestStore test = new TestStore(OPTIONS);
        BlockChannel channel = test.get().openChannel()) {
      assertThat(channel.writeZeroes(bytes(500), bytes(10), false)).isZero();
      test.get().resize(bytes(100), false);
      assertTakesWhatItSays(test.get());
    }
  }

  /** The arena fills from below: what is written last lies beyond the addresses of a small one. */
  @Test
  void whatIsLeftOfASmallerOneMayLieAnywhere() throws Exception {
    int pages = (80 << 20) / PAGE;
    try (TestStore test = new TestStore(new StoreOptions(bytes(pages), TestPages.LZ4, 0));
        BlockChannel channel = test.get().openChannel()) {
      for (int page = pages - 1; page >= 0; page--) {
        assertThat(write(channel, page, 4L * page + 3)).isZero();
      }
      test.get().resize(bytes(100), true);
      assertTakesWhatItSays(test.get());
      try (BlockChannel other = test.reopen().openChannel()) {
        for (int page = 0; page < 100; page++) {
          assertThat(read(other, page)).isEqualTo(4L * page + 3);
        }
      }
      assertThat(test.get().stats().checksumErrors()).isZero();
      assertTakesWhatItSays(test.get());
    }
  }

  /** A process that is killed while its device gets smaller has not dropped all. */
  @Test
  void whatAKilledProcessLeftBehindTheEndDoesNotComeBack() throws Exception {
    try (TestStore test = new TestStore(OPTIONS);
        BlockChannel channel = test.get().openChannel()) {
      assertThat(write(channel, 100, 4)).isZero();
      assertThat(write(channel, 1000, 4)).isZero();
      long[] entries = {test.entry(100), test.entry(1000)};
      test.get().resize(bytes(100), true);
      test.overwriteEntry(100, entries[0]);
      test.overwriteEntry(1000, entries[1]);
      test.get().resize(bytes(PAGES), false);
      assertThat(read(channel, 100)).isZero();
      assertThat(read(channel, 1000)).isZero();
      assertTakesWhatItSays(test.get());
    }
  }

  @Test
  void aStoreThatIsSavedOrClosedKeepsItsSize() throws Exception {
    try (TestStore test = new TestStore(OPTIONS)) {
      test.get().close();
      assertThatThrownBy(() -> test.get().resize(bytes(2 * PAGES), false))
          .hasMessageContaining("the store is closed");
      assertThatThrownBy(() -> test.get().resize(bytes(PAGES / 2), false))
          .hasMessageContaining("the store is closed");
      assertThat(test.reopen().geometry().sizeBytes()).isEqualTo(bytes(PAGES));
    }
  }

  /** Every page is what was written last, or zeros if it went and came back. */
  @Property(tries = 10, shrinking = ShrinkingMode.OFF)
  void nothingElseChanges(@ForAll long seed, @ForAll @IntRange(min = 0, max = 2) int workers)
      throws Exception {
    Random random = new Random(seed);
    long[] model = new long[16 * PAGES];
    try (TestStore test = new TestStore(OPTIONS, tuning(workers))) {
      int size = PAGES;
      for (int round = 0; round < 12; round++) {
        try (BlockChannel channel = test.get().openChannel()) {
          for (int i = 0; i < 500; i++) {
            int page = random.nextInt(size);
            model[page] = random.nextInt(1, 1 << 20);
            assertThat(write(channel, page, model[page])).isZero();
          }
          int smaller = 1 + random.nextInt(size); // one page may be all there is
          size = random.nextBoolean() ? smaller : random.nextInt(size, model.length + 1);
          test.get().resize(bytes(size), true);
          Arrays.fill(model, size, model.length, 0);
        }
        if (random.nextInt(3) == 0) {
          PageStore _ = test.reopen();
        }
        assertTakesWhatItSays(test.get());
        try (BlockChannel channel = test.get().openChannel()) {
          for (int page = 0; page < size; page++) {
            assertThat(read(channel, page)).as("page %d", page).isEqualTo(model[page]);
          }
        }
      }
      assertThat(test.get().stats().checksumErrors()).isZero();
    }
  }

  /** Requests are served before or after, and those below the smaller size notice nothing. */
  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void requestsGoOnMeanwhile(int workers) throws Exception {
    try (TestStore test = new TestStore(OPTIONS, tuning(workers))) {
      AtomicBoolean stop = new AtomicBoolean();
      AtomicReference<Throwable> failure = new AtomicReference<>();
      Thread writer = Thread.ofPlatform().start(() -> writeAndRead(test.get(), stop, failure));
      for (int i = 0; i < 30; i++) {
        test.get().resize(bytes(PAGES * (1L + i % 16)), true);
        boolean _ = test.get().compact();
        test.get().resize(bytes(PAGES / 2), true);
      }
      stop.set(true);
      writer.join();
      assertThat(failure.get()).isNull();
      assertTakesWhatItSays(test.get());
      assertThat(test.get().stats().checksumErrors()).isZero();
    }
  }

  private static void writeAndRead(
      PageStore store, AtomicBoolean stop, AtomicReference<Throwable> failure) {
    Random random = new Random(1);
    long[] model = new long[PAGES / 2];
    MemorySegment page = Arena.ofAuto().allocate(PAGE, PAGE);
    MemorySegment scratch = Arena.ofAuto().allocate(PAGE, PAGE);
    try (BlockChannel channel = store.openChannel()) {
      while (!stop.get()) {
        int number = random.nextInt(2 * PAGES);
        long seed = random.nextInt(1, 1 << 20);
        TestPages.write(page, 0, seed);
        int result = channel.write(bytes(number), page, 0, PAGE);
        if (number < model.length) {
          model[number] = seed;
          assertThat(result).isZero();
        } else {
          assertThat(result).isIn(0, -Errno.EINVAL);
        }
        int known = random.nextInt(model.length);
        assertThat(channel.read(bytes(known), page, 0, PAGE)).isZero();
        assertThat(TestPages.seedOf(page, 0, scratch)).isEqualTo(model[known]);
      }
    } catch (Throwable t) {
      failure.set(t);
    }
  }
}
