package io.zublk.vmtest;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;

/**
 * A program that needs more memory than there is: it fills pages, reads every byte of them again,
 * and changes them, in rounds, until its time is over. Runs in a guest.
 *
 * <p>A page holds a sixth of noise, so it compresses to about that, and what it was written in
 * last. It never looks at another clock than for its end and for the pauses that it reports.
 */
final class SwapEater {

  private static final int PAGE = 4096;
  private static final int WORDS = PAGE / Long.BYTES;
  private static final int NOISE = WORDS / 6;

  private final MemorySegment memory;
  private final int pages;
  private long longestPauseNanos;

  private SwapEater(MemorySegment memory) {
    this.memory = memory;
    this.pages = (int) (memory.byteSize() / PAGE);
  }

  /**
   * Prints a line at the start, and one a round; ends with status 0 if every byte was right.
   *
   * @param arguments MiB, seconds, and maybe a file that must be there before it ends
   */
  public static void main(String[] arguments) {
    long bytes = Long.parseLong(arguments[0]) << 20;
    long seconds = Long.parseLong(arguments[1]);
    SwapEater eater = new SwapEater(Arena.global().allocate(bytes, PAGE));
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    Path file = Path.of(arguments.length > 2 ? arguments[2] : "/");
    eater.run(() -> System.nanoTime() >= end && Files.exists(file));
  }

  private void run(BooleanSupplier isOver) {
    long begin = System.nanoTime();
    int round = 0;
    do {
      for (int page = 0; page < pages; page++) {
        long before = System.nanoTime();
        if (round > 0) {
          check(page, round - 1);
        }
        write(page, round);
        longestPauseNanos = Math.max(longestPauseNanos, System.nanoTime() - before);
      }
      System.out.printf(
          "round %d after %.1f s, longest pause %d ms%n",
          round, (System.nanoTime() - begin) / 1e9, longestPauseNanos / 1_000_000);
      round++;
    } while (!isOver.getAsBoolean());
    for (int page = 0; page < pages; page++) {
      check(page, round - 1);
    }
    System.out.printf(
        "right: %d rounds of %d MiB in %.1f s%n",
        round, ((long) pages * PAGE) >> 20, (System.nanoTime() - begin) / 1e9);
  }

  private static long word(int page, int round, int index) {
    long noise = (((long) page << 32) | round) * 0x9e3779b97f4a7c15L;
    if (index >= NOISE) {
      return noise;
    }
    long mixed = (noise + index) * 0xbf58476d1ce4e5b9L;
    return mixed ^ (mixed >>> 29);
  }

  private void write(int page, int round) {
    long at = (long) page * PAGE;
    for (int i = 0; i < WORDS; i++) {
      memory.set(JAVA_LONG, at + (long) i * Long.BYTES, word(page, round, i));
    }
  }

  private void check(int page, int round) {
    long at = (long) page * PAGE;
    for (int i = 0; i < WORDS; i++) {
      long found = memory.get(JAVA_LONG, at + (long) i * Long.BYTES);
      if (found != word(page, round, i)) {
        throw new AssertionError(
            "page %d, word %d: %x instead of %x".formatted(page, i, found, word(page, round, i)));
      }
    }
  }
}
