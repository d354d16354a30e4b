package io.zublk.store;

import static io.zublk.store.TestPages.PAGE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.BlockChannel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/**
 * Pages that compress to about as many bytes as one likes, written to a device, and what should
 * stand there. A page's first word is its seed and its number of random words.
 */
final class SizedPages {

  private static final int WORDS = PAGE / Long.BYTES;

  /** What does not compress at all. */
  static final int RAW = PAGE;

  private final long[] seeds;
  private final MemorySegment page = Arena.ofAuto().allocate(PAGE, PAGE);
  private final MemorySegment expected = Arena.ofAuto().allocate(PAGE, PAGE);
  private long nextSeed = 1;

  SizedPages(int pages) {
    seeds = new long[pages];
  }

  int count() {
    return seeds.length;
  }

  /** Writes a page that compresses to some {@code bytes}; returns what the channel says. */
  int write(BlockChannel channel, int number, int bytes) {
    long seed = (nextSeed++ << 16) | Math.clamp(bytes / Long.BYTES, 1, WORDS);
    fill(page, seed);
    int result = channel.write((long) number * PAGE, page, 0, PAGE);
    if (result == 0) {
      seeds[number] = seed;
    }
    return result;
  }

  void discard(BlockChannel channel, int number) {
    assertThat(channel.discard((long) number * PAGE, PAGE)).isZero();
    seeds[number] = 0;
  }

  boolean isPresent(int number) {
    return seeds[number] != 0;
  }

  /** Every page must be what was written last. */
  void check(BlockChannel channel) {
    for (int number = 0; number < seeds.length; number++) {
      check(channel, number);
    }
  }

  void check(BlockChannel channel, int number) {
    assertThat(channel.read((long) number * PAGE, page, 0, PAGE)).isZero();
    if (seeds[number] == 0) {
      expected.fill((byte) 0);
    } else {
      fill(expected, seeds[number]);
    }
    assertThat(page.mismatch(expected)).as("page %d", number).isEqualTo(-1);
  }

  private static void fill(MemorySegment target, long seed) {
    Random random = new Random(seed);
    int words = (int) (seed & 0xffff);
    target.set(JAVA_LONG_UNALIGNED, 0, seed);
    for (int i = 1; i < WORDS; i++) {
      long word = i < words ? random.nextLong() : 0;
      target.set(JAVA_LONG_UNALIGNED, (long) i * Long.BYTES, word);
    }
  }
}
