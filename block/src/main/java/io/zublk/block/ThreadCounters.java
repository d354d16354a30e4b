package io.zublk.block;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What one thread counts. Counting is two plain memory accesses and disturbs no other thread;
 * whoever wants the whole adds up the counters of all threads.
 *
 * <p>At most one thread at a time adds to a counter: the one that they are of, or whoever holds the
 * lock that guards the counter. Any thread reads a recent value at any time.
 *
 * @param <C> the names of the counters
 */
@SuppressWarnings("EnumOrdinal") // an index that never leaves this class; an EnumMap would box
public final class ThreadCounters<C extends Enum<C>> {

  private static final VarHandle VALUE = MethodHandles.arrayElementVarHandle(long[].class);

  /** At either end, in longs: two cache lines, since CPUs fetch them in pairs. */
  private static final int PADDING = 2 * 64 / Long.BYTES;

  private final long[] values;

  /** Counters that begin at 0. */
  public ThreadCounters(Class<C> names) {
    values = new long[PADDING + names.getEnumConstants().length + PADDING];
  }

  /** Adds to a counter, which is a gauge if it ever gets a negative amount. */
  public void add(C counter, long amount) {
    int index = PADDING + counter.ordinal();
    VALUE.setOpaque(values, index, values[index] + amount);
  }

  /** A recent value. */
  public long get(C counter) {
    return (long) VALUE.getOpaque(values, PADDING + counter.ordinal());
  }

  /**
   * Adds all of another thread's counters. To lose nothing, the caller makes sure that nobody adds
   * to these meanwhile, nor to the others later on.
   */
  public void addAll(ThreadCounters<C> others) {
    for (int index = PADDING; index < values.length - PADDING; index++) {
      long amount = (long) VALUE.getOpaque(others.values, index);
      VALUE.setOpaque(values, index, values[index] + amount);
    }
  }
}
