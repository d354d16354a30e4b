package io.zublk.ublk.io;

import io.zublk.ublk.UblkCounter;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** The counters of one queue thread: it writes them, any thread reads them, nobody waits. */
@SuppressWarnings("EnumOrdinal") // the order is nowhere stored, and an EnumMap would box
final class QueueCounters {

  private static final VarHandle COUNTS = MethodHandles.arrayElementVarHandle(long[].class);

  // Two cache lines (adjacent-line prefetch) at either end keep other threads' writes away.
  private static final int PADDING = 128 / Long.BYTES;

  private final long[] counts = new long[PADDING + UblkCounter.values().length + PADDING];

  /** Adds to a counter; only the thread that they are of may. */
  void add(UblkCounter counter, long amount) {
    int index = PADDING + counter.ordinal();
    COUNTS.setOpaque(counts, index, (long) COUNTS.getOpaque(counts, index) + amount);
  }

  long get(UblkCounter counter) {
    return (long) COUNTS.getOpaque(counts, PADDING + counter.ordinal());
  }
}
