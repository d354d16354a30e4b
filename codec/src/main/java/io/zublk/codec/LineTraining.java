package io.zublk.codec;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Random;

/**
 * Codes pages made for it until a coder is compiled: that shows in the time which it takes, and in
 * nothing else that can be asked for.
 */
final class LineTraining {

  /** Compiled it takes 3, else 500 and more. */
  private static final long COMPILED_NANOS = 30_000;

  /** The compiler asks for a few thousand calls; some more while it is busy with others. */
  private static final int MAX_ROUNDS = 2000;

  /** As memory has them: records, few bytes that are not zero, and what is given up. */
  private static final int PAGES = 16;

  /** Rounds that were fast one after another, before it is believed. */
  private static final int FAST_ROUNDS = 20;

  private final LineCoder coder;

  LineTraining(LineCoder coder) {
    this.coder = coder;
  }

  /** False if it was interrupted, or the coder did not become fast. */
  boolean run() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pages = arena.allocate((long) PAGES * PageCodec.PAGE_BYTES);
      fill(pages);
      long object = arena.allocate(LineFormat.MAX_OBJECT_BYTES).address();
      long page = arena.allocate(PageCodec.PAGE_BYTES).address();
      long scratch = arena.allocate(LineScratch.BYTES, LineFormat.LINE_BYTES).address();
      int fast = 0;
      for (int round = 0; round < MAX_ROUNDS && fast < FAST_ROUNDS; round++) {
        if (Thread.currentThread().isInterrupted()) {
          return false;
        }
        long quickest = Long.MAX_VALUE;
        for (int i = 0; i < PAGES; i++) {
          long source = pages.address() + (long) i * PageCodec.PAGE_BYTES;
          long start = System.nanoTime();
          int length = coder.encode(source, object, PageCodec.PAGE_BYTES, scratch);
          if (length > 0 && coder.decode(object, length, page, scratch)) {
            quickest = Math.min(quickest, System.nanoTime() - start);
          }
        }
        fast = quickest < COMPILED_NANOS ? fast + 1 : 0;
      }
      return fast == FAST_ROUNDS;
    }
  }

  private static void fill(MemorySegment pages) {
    var random = new Random(1);
    var bytes = pages.asByteBuffer().order(ByteOrder.nativeOrder());
    for (int page = 0; page < PAGES; page++) {
      int length = 16 + 8 * page;
      int end = (page + 1) * PageCodec.PAGE_BYTES;
      for (int at = page * PageCodec.PAGE_BYTES; at + Long.BYTES <= end; at += length) {
        boolean isNoise = page % 4 == 3;
        bytes.putLong(
            at, isNoise ? random.nextLong() : 0x7F31_4000_0000L + random.nextInt(1 << 14));
      }
    }
  }
}
