package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.block.BlockChannel;
import io.zublk.store.file.StoreExtent;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResetTest {

  private static final int PAGES = 2048;
  private static final StoreOptions OPTIONS =
      new StoreOptions((long) PAGES * PAGE, TestPages.LZ4, 0);

  private static StoreTuning tuning(int workers) {
    return new StoreTuning(
        workers, 64, 100, workers == 0 ? 0 : 512, new BitSet(), StoreTuning.ANY_NODE);
  }

  /** Noise in the first half of the page, so that it is compressed, and its number. */
  private static MemorySegment page(Arena arena, long number) {
    MemorySegment page = arena.allocate(PAGE, 8);
    byte[] noise = new byte[PAGE / 2];
    new Random(number).nextBytes(noise);
    MemorySegment.copy(noise, 0, page, ValueLayout.JAVA_BYTE, 0, noise.length);
    page.set(ValueLayout.JAVA_LONG, PAGE - 8, number);
    return page;
  }

  private static boolean isZero(BlockChannel channel, MemorySegment buffer, long page) {
    assertThat(channel.read(page * PAGE, buffer, 0, PAGE)).isZero();
    for (int i = 0; i < PAGE; i += 8) {
      if (buffer.get(ValueLayout.JAVA_LONG, i) != 0) {
        return false;
      }
    }
    return true;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void afterwardsTheStoreIsAsNew(int workers) throws Exception {
    try (Arena arena = Arena.ofConfined();
        TestStore test = new TestStore(OPTIONS, tuning(workers));
        BlockChannel channel = test.get().openChannel()) {
      for (long i = 0; i < PAGES; i++) {
        assertThat(channel.write(i * PAGE, page(arena, i), 0, PAGE)).isZero();
      }
      test.get().reset();
      MemorySegment buffer = arena.allocate(PAGE, 8);
      for (long i = 0; i < PAGES; i++) {
        assertThat(isZero(channel, buffer, i)).as("page %d", i).isTrue();
      }
      assertThat(test.get().settle()).isTrue();
      boolean _ = test.get().trim();
      StoreStats stats = test.get().stats();
      long metadata = StoreExtent.ofNew(PAGES).metadataBytes;
      assertThat(stats.origDataSize()).isZero();
      assertThat(stats.comprDataSize()).isZero();
      assertThat(stats.notifyFree()).isZero();
      assertThat(stats.memUsedTotal()).isEqualTo(metadata);
      assertThat(test.get().allocatedBytes()).isEqualTo(metadata);
      assertThat(channel.write(0, page(arena, 7), 0, PAGE)).isZero();
      assertThat(test.get().stats().origDataSize()).isEqualTo(PAGE);
    }
  }

  @Test
  void theMostMemoryIsCountedAnew() throws Exception {
    try (Arena arena = Arena.ofConfined();
        TestStore test = new TestStore(OPTIONS);
        BlockChannel channel = test.get().openChannel()) {
      for (long i = 0; i < PAGES; i++) {
        assertThat(channel.write(i * PAGE, page(arena, i), 0, PAGE)).isZero();
      }
      test.get().reset();
      assertThat(test.get().stats().memUsedMax()).isEqualTo(test.get().stats().memUsedTotal());
    }
  }

  /** A writer that writes page after page with a growing number: what is left is a last stretch. */
  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void whatIsWrittenMeanwhileComesBeforeItOrAfter(int workers) throws Exception {
    try (Arena arena = Arena.ofShared();
        TestStore test = new TestStore(OPTIONS, tuning(workers))) {
      AtomicBoolean stop = new AtomicBoolean();
      AtomicReference<Throwable> failure = new AtomicReference<>();
      long[] written = new long[1];
      Thread writer =
          Thread.ofPlatform()
              .start(() -> {
                try (BlockChannel channel = test.get().openChannel()) {
                  MemorySegment page = page(arena, 1);
                  while (!stop.get()) {
                    long number = written[0] + 1;
                    page.set(ValueLayout.JAVA_LONG, PAGE - 8, number);
                    assertThat(channel.write(number % PAGES * PAGE, page, 0, PAGE)).isZero();
                    written[0] = number;
                  }
                } catch (Throwable t) {
                  failure.set(t);
                }
              });
      for (int i = 0; i < 20; i++) {
        Thread.sleep(5);
        test.get().reset();
      }
      stop.set(true);
      writer.join();
      assertThat(failure.get()).isNull();
      assertLastStretch(test.get(), arena, written[0]);
    }
  }

  private static void assertLastStretch(PageStore store, Arena arena, long last) {
    try (BlockChannel channel = store.openChannel()) {
      MemorySegment buffer = arena.allocate(PAGE, 8);
      boolean isDropped = false;
      for (long number = last; number > Math.max(0, last - PAGES); number--) {
        boolean zero = isZero(channel, buffer, number % PAGES);
        assertThat(isDropped && !zero).as("number %d", number).isFalse();
        assertThat(zero || buffer.get(ValueLayout.JAVA_LONG, PAGE - 8) == number).isTrue();
        isDropped |= zero;
      }
    }
  }

  @Test
  void aClosedStoreIsNotReset() throws Exception {
    try (TestStore test = new TestStore(OPTIONS)) {
      test.get().close();
      assertThatThrownBy(() -> test.get().reset())
          .isInstanceOf(IOException.class)
          .hasMessageContaining("nothing was dropped");
      PageStore _ = test.reopen();
    }
  }
}
