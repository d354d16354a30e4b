package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.BlockChannel;
import io.zublk.block.Errno;
import io.zublk.store.arena.SizeClasses;
import io.zublk.store.file.StoreExtent;
import java.util.BitSet;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;

/** The memory limit changes while pages are written, to less than what is used as well. */
class MemLimitPropertyTest {

  private static final int PAGES = (8 << 20) / PAGE;
  private static final long METADATA = StoreExtent.ofNew(PAGES).metadataBytes;
  private static final int BATCH = 16;
  private static final int STEPS = 10_000;

  /** Random words less than before, so that a page packs into fewer bytes whatever they are. */
  private static final int SMALLER = 64;

  /** An object may lie across the border of two chunks. */
  private static final long ROOM = 2 * SizeClasses.CHUNK_BYTES;

  /** What a batch was promised before the limit fell, and a chunk of each size for it. */
  private static final long PROMISED =
      BATCH * PAGE + (long) SizeClasses.count() * SizeClasses.CHUNK_BYTES;

  @Property(tries = 40, shrinking = ShrinkingMode.OFF)
  void whatIsUsedStaysBelowTheLimitOrWhereItWasAndNothingIsWrong(
      @ForAll long seed, @ForAll @IntRange(min = 0, max = 2) int workers) throws Exception {
    StoreOptions options = new StoreOptions((long) PAGES * PAGE, TestPages.LZ4, 0);
    try (TestStore test = new TestStore(options, tuning(workers));
        BlockChannel channel = test.get().openChannel()) {
      Steps steps = new Steps(test.get(), channel, seed, workers == 0 ? 0 : PROMISED);
      for (int i = 0; i < STEPS; i++) {
        steps.step();
      }
      steps.checkAll();
      test.get().setMemLimit(0);
      steps.writeEverywhere();
      steps.checkAll();
      assertThat(test.reopen().stats().memLimit()).isZero();
    }
  }

  private static StoreTuning tuning(int workers) {
    return workers == 0
        ? StoreTuning.INLINE
        : new StoreTuning(workers, BATCH, 50, 1024, new BitSet(), StoreTuning.ANY_NODE);
  }

  /** A user and an administrator, who take turns. */
  private static final class Steps {

    private final PageStore store;
    private final BlockChannel channel;
    private final SizedPages pages = new SizedPages(PAGES);
    private final int[] sizes = new int[PAGES];
    private final Random random;
    private final long promised;
    private long limit;
    private long mostAllowed = Long.MAX_VALUE;
    private long mostSeen;

    Steps(PageStore store, BlockChannel channel, long seed, long promised) {
      this.store = store;
      this.channel = channel;
      this.random = new Random(seed);
      this.promised = promised;
    }

    void step() {
      int number = random.nextInt(PAGES);
      switch (random.nextInt(100)) {
        case 0 -> changeLimit();
        case 1 -> startNewPeak();
        case 2, 3, 4 -> pages.check(channel, number);
        default -> change(number);
      }
      watch();
    }

    private void change(int number) {
      int choice = random.nextInt(8);
      if (choice == 0) {
        discard(number);
      } else if (choice < 4 && sizes[number] > 2 * SMALLER) {
        overwriteBySmaller(number);
      } else {
        write(number, 1 + random.nextInt(PAGE));
      }
    }

    private void discard(int number) {
      pages.discard(channel, number);
      sizes[number] = 0;
    }

    /** Needs no memory, so it works at the limit, and above it. */
    private void overwriteBySmaller(int number) {
      int bytes = sizes[number] - SMALLER;
      int result = pages.write(channel, number, bytes);
      assertThat(result).as("overwriting page %d: %s", number, store.stats()).isZero();
      sizes[number] = bytes;
    }

    private void write(int number, int bytes) {
      // Workers may give memory back between a refusal and the look at what is used, not every
      // time.
      for (int tries = 0; tries < 20; tries++) {
        int result = pages.write(channel, number, bytes);
        if (result == 0) {
          sizes[number] = bytes;
          return;
        }
        assertThat(result).isEqualTo(-Errno.ENOSPC);
        if (limit > 0 && store.stats().memUsedTotal() + ROOM > limit) {
          return;
        }
      }
      throw new AssertionError("refused below the limit: " + store.stats());
    }

    private void changeLimit() {
      long used = store.stats().memUsedTotal();
      limit =
          switch (random.nextInt(4)) {
            case 0 -> 0;
            case 1 -> used + random.nextInt(512 << 10);
            default -> Math.max(METADATA + 1, used - random.nextInt(2 << 20));
          };
      store.setMemLimit(limit);
      mostAllowed = Long.MAX_VALUE;
      checkPeak();
    }

    private void startNewPeak() {
      checkPeak();
      store.resetMemUsedMax();
      mostSeen = 0;
    }

    /** No less than what was seen; what workers have taken, they have noted once they rest. */
    private void checkPeak() {
      assertThat(store.settle()).as("nothing waits for memory that it was promised").isTrue();
      assertThat(store.stats().memUsedMax()).isGreaterThanOrEqualTo(mostSeen);
      assertThat(store.stats().memUsedMax()).isGreaterThanOrEqualTo(store.stats().memUsedTotal());
    }

    /** What is used only falls while it is above the limit, but for what was promised. */
    private void watch() {
      long used = store.stats().memUsedTotal();
      assertThat(used).isLessThanOrEqualTo(mostAllowed);
      if (limit > 0) {
        mostAllowed = Math.min(mostAllowed, Math.max(limit, used + promised));
      }
      mostSeen = Math.max(mostSeen, used);
    }

    void checkAll() {
      pages.check(channel);
    }

    void writeEverywhere() {
      for (int number = 0; number < PAGES; number++) {
        assertThat(pages.write(channel, number, SizedPages.RAW)).isZero();
      }
    }
  }
}
