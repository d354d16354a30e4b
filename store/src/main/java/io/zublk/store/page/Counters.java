package io.zublk.store.page;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The counters of one thread. Only that thread adds; any thread may read a recent value. Summing
 * them over threads costs the reader, not the I/O path.
 */
@SuppressWarnings("EnumOrdinal") // an index into an array that no other program sees
public final class Counters {

  private static final VarHandle VALUE = MethodHandles.arrayElementVarHandle(long[].class);

  /** Keeps the counters of different threads out of each other's cache lines. */
  private static final int PADDING = 16;

  private final long[] values = new long[PADDING + Counter.COUNT + PADDING];

  public void add(Counter counter, long delta) {
    int index = PADDING + counter.ordinal();
    VALUE.setOpaque(values, index, values[index] + delta);
  }

  public long get(Counter counter) {
    return (long) VALUE.getOpaque(values, PADDING + counter.ordinal());
  }

  /** Adds all of another thread's counters; the caller makes sure that both stand still. */
  void addAll(Counters other) {
    for (Counter counter : Counter.values()) {
      add(counter, other.get(counter));
    }
  }
}
