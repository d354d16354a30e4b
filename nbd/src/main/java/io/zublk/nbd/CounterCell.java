package io.zublk.nbd;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The counters of one thread. Counting is two plain memory accesses; whoever reads sums the cells
 * of all threads.
 */
@SuppressWarnings("EnumOrdinal") // the array never leaves this class, and an EnumMap would box
final class CounterCell {

  enum Counter {
    READS,
    READ_BYTES,
    WRITES,
    WRITTEN_BYTES,
    FLUSHES,
    TRIMS,
    WRITE_ZEROES,
    CACHES,
    BLOCK_STATUSES,
    ERRORS,
    INVALID,
    HANDED_OVER,
    SOCKET_READS,
    SOCKET_WRITES
  }

  private final AtomicLongArray values = new AtomicLongArray(Counter.values().length);

  /** Only one thread at a time may add to one counter of a cell. */
  void add(Counter counter, long count) {
    int index = counter.ordinal();
    values.setOpaque(index, values.getPlain(index) + count);
  }

  /** From any thread; never goes backwards. */
  long get(Counter counter) {
    return values.getOpaque(counter.ordinal());
  }

  /** Adds another cell that nobody counts in any more. */
  void addAll(CounterCell other) {
    for (Counter counter : Counter.values()) {
      add(counter, other.get(counter));
    }
  }
}
