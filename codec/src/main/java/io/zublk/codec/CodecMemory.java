package io.zublk.codec;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * What a codec keeps from page to page, until it is closed. As little thread-safe as the codec.
 *
 * <p>It is never freed, but kept for the next codec that needs the like: there is as much as was
 * needed at a time. To close an arena that several threads may use, the JVM halts each of its
 * threads for a moment, and so waits for those that wait for a CPU. Where clients come and go, each
 * with a codec, those that had left were counted as served for seconds.
 */
final class CodecMemory {

  private record Shape(long bytes, long alignment) {}

  private static final Map<Shape, Deque<MemorySegment>> UNUSED = new HashMap<>();

  private final Shape shape;
  private MemorySegment memory;
  private long address;

  /** Zeroed memory. */
  CodecMemory(long bytes, long alignment) {
    shape = new Shape(bytes, alignment);
    memory = takeUnused(shape);
    if (memory == null) {
      memory = Arena.global().allocate(bytes, alignment);
    } else {
      memory.fill((byte) 0);
    }
    address = memory.address();
  }

  /** Null if there is none. */
  private static MemorySegment takeUnused(Shape shape) {
    synchronized (UNUSED) {
      Deque<MemorySegment> unused = UNUSED.get(shape);
      return unused == null ? null : unused.poll();
    }
  }

  /**
   * Where it is.
   *
   * @throws IllegalStateException if it is closed
   */
  long address() {
    if (address == 0) {
      throw new IllegalStateException("the codec is closed");
    }
    return address;
  }

  /** Gives it back; a second call does nothing. */
  void close() {
    if (address == 0) {
      return;
    }
    address = 0;
    synchronized (UNUSED) {
      UNUSED.computeIfAbsent(shape, _ -> new ArrayDeque<>()).push(memory);
    }
    memory = null;
  }
}
