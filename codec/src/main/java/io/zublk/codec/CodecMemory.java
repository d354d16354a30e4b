package io.zublk.codec;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

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

  private static final Map<Shape, Queue<MemorySegment>> UNUSED = new ConcurrentHashMap<>();

  private final Queue<MemorySegment> unused;
  private MemorySegment memory;
  private long address;

  /** Zeroed memory. */
  CodecMemory(long bytes, long alignment) {
    unused =
        UNUSED.computeIfAbsent(new Shape(bytes, alignment), _ -> new ConcurrentLinkedQueue<>());
    memory = unused.poll();
    if (memory == null) {
      memory = Arena.global().allocate(bytes, alignment);
    } else {
      memory.fill((byte) 0);
    }
    address = memory.address();
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
    if (address != 0) {
      address = 0;
      unused.add(memory);
      memory = null;
    }
  }
}
