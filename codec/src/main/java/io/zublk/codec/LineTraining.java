package io.zublk.codec;

import static io.zublk.codec.LineFormat.FIXED_BYTES;
import static io.zublk.codec.LineFormat.LINE_BYTES;
import static io.zublk.codec.LineFormat.MAX_OBJECT_BYTES;
import static io.zublk.codec.PageCodec.PAGE_BYTES;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Codes pages made for it until a coder is compiled: that shows in the time which it takes, and in
 * nothing else that can be asked for. Every way through the coder is taken: the compiler leaves out
 * those that it has seen nobody take, and the first one to do so would throw away all that it made.
 */
final class LineTraining {

  /** Compiled it takes 3000, else 500,000 and more. */
  private static final long COMPILED_NANOS = 30_000;

  /** Rounds that were fast one after another, before it is believed. */
  private static final int FAST_ROUNDS = 20;

  /**
   * It takes one, ten where eight others want the CPUs. A JVM that never compiles, or never well,
   * must not be kept busy for ever.
   */
  static final int MAX_SECONDS = 30;

  private static final int PAGES = 16;

  private final LineCoder coder;
  private long pages;
  private long object;
  private long other;
  private long target;
  private long scratch;

  LineTraining(LineCoder coder) {
    this.coder = coder;
  }

  /** False if it was interrupted, or the coder did not become fast in time. */
  boolean run() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment made = arena.allocate((long) PAGES * PAGE_BYTES);
      make(made.asByteBuffer().order(ByteOrder.nativeOrder()));
      pages = made.address();
      object = arena.allocate(MAX_OBJECT_BYTES).address();
      other = arena.allocate(MAX_OBJECT_BYTES).address();
      target = arena.allocate(PAGE_BYTES).address();
      scratch = arena.allocate(LineScratch.BYTES, LINE_BYTES).address();
      int fast = 0;
      long start = System.nanoTime();
      while (fast < FAST_ROUNDS) {
        boolean isLate = System.nanoTime() - start > TimeUnit.SECONDS.toNanos(MAX_SECONDS);
        if (isLate || Thread.currentThread().isInterrupted()) {
          return false;
        }
        fast = quickestOfARound() < COMPILED_NANOS ? fast + 1 : 0;
      }
      return true;
    }
  }

  /** The quickest, because others may have the CPU meanwhile. */
  private long quickestOfARound() {
    long quickest = Long.MAX_VALUE;
    for (int i = 0; i < PAGES; i++) {
      long page = pages + (long) i * PAGE_BYTES;
      long start = System.nanoTime();
      int length = coder.encode(page, object, MAX_OBJECT_BYTES, scratch);
      boolean isPage = coder.decode(object, length, target, scratch);
      quickest = Math.min(quickest, System.nanoTime() - start);
      assert isPage;
      encodeInVain(page, length);
      decodeInVain(length);
    }
    return quickest;
  }

  private void encodeInVain(long page, int length) {
    coder.encode(page, other, FIXED_BYTES - 1, scratch);
    coder.encode(page, other, length / 2, scratch);
    coder.encode(page, other, length - LINE_BYTES, scratch);
    coder.encode(page, other, length - 1, scratch);
  }

  private void decodeInVain(int length) {
    coder.decode(object, FIXED_BYTES - 1, target, scratch);
    coder.decode(object + length - FIXED_BYTES, FIXED_BYTES, target, scratch);
    coder.decode(object + 1, length - 1, target, scratch);
    int fewer = Math.min(2 * LINE_BYTES, length - FIXED_BYTES);
    coder.decode(object + fewer, length - fewer, target, scratch);
    LineFormat.putByte(object + length - FIXED_BYTES, 1); // a reference that is none
    coder.decode(object, length, target, scratch);
  }

  /** Records of 16 to 136 bytes; every fourth page noise, all of it or its second half. */
  private static void make(ByteBuffer made) {
    Random random = new Random(1);
    for (int page = 0; page < PAGES; page++) {
      int from = page * PAGE_BYTES;
      int to = from + PAGE_BYTES;
      boolean isNoise = page % 4 == 3;
      int length = isNoise ? Long.BYTES : Long.BYTES * (page + 2);
      for (int at = page % 8 == 3 ? from + PAGE_BYTES / 2 : from; at < to; at += length) {
        long pointer = 0x7F31_4000_0000L + random.nextInt(1 << 14);
        made.putLong(at, isNoise ? random.nextLong() : pointer);
      }
    }
  }
}
