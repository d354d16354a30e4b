package io.zublk.store.page;

import io.zublk.block.Geometry;
import io.zublk.store.table.Naps;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Memory;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What pages were before they were written, on its way from those who write them to the one thread
 * that saves them: a ring of copies, each of an entry and of the bytes that it pointed at. Its
 * memory is the process's own, and no part of what the store may use.
 *
 * <p>A place of the ring has a turn, which says whose it is: {@code n} of who begins the n-th copy,
 * {@code n + 1} of who takes it.
 */
final class KeptPages implements AutoCloseable {

  /** Copies that wait at a time: 16 MiB, as far as they were ever needed. */
  static final int PLACES = 1 << 12;

  static {
    assert Integer.bitCount(PLACES) == 1;
  }

  /** Naps of a millisecond of a write for a place: no write waits 50 ms for a save. */
  private static final int NAPS = 30;

  private static final int TRIES = Naps.TRIES_BEFORE_NAPS + NAPS;

  /** What {@link #begin} returns if there is no place. */
  static final long NONE = -1;

  private final MemorySegment memory;
  private final AtomicLongArray turns = new AtomicLongArray(PLACES);
  private final AtomicLong begun = new AtomicLong();

  // Each of who has its place.
  private final long[] pages = new long[PLACES];
  private final long[] entries = new long[PLACES];

  /** The copies that were taken. The taker's. */
  private long taken;

  KeptPages() throws LinuxException {
    memory = Memory.mapAnonymous((long) PLACES * Geometry.PAGE_BYTES);
    for (int i = 0; i < PLACES; i++) {
      turns.setPlain(i, i);
    }
  }

  private static int place(long copy) {
    return (int) copy & (PLACES - 1);
  }

  /** Begins a copy; waits for a place, and returns {@link #NONE} if there is none in time. */
  long begin() {
    for (int tries = 0; tries < TRIES; tries++) {
      long copy = begun.get();
      long turn = turns.get(place(copy));
      if (turn == copy && begun.compareAndSet(copy, copy + 1)) {
        return copy;
      }
      if (turn < copy) {
        Naps.pause(tries);
      }
    }
    return NONE;
  }

  /** Copies bytes to the place of a copy that was begun. */
  void fill(long copy, MemorySegment source, long offset, int length) {
    MemorySegment.copy(source, offset, memory, bytesAt(copy), length);
  }

  /** Ends a copy that was begun; of an entry 0 there is nothing to save. */
  void end(long copy, long page, long entry) {
    pages[place(copy)] = page;
    entries[place(copy)] = entry;
    turns.set(place(copy), copy + 1);
  }

  /** The copies that were begun so far. */
  long begun() {
    return begun.get();
  }

  /** The copies that were taken so far. The taker's. */
  long taken() {
    return taken;
  }

  /** Whether the next copy can be taken. The taker's, as all below. */
  boolean hasNext() {
    return turns.get(place(taken)) == taken + 1;
  }

  long page() {
    return pages[place(taken)];
  }

  long entry() {
    return entries[place(taken)];
  }

  /** The place of the copy's bytes in {@link #memory}. */
  long bytesAt() {
    return bytesAt(taken);
  }

  private static long bytesAt(long copy) {
    return (long) place(copy) * Geometry.PAGE_BYTES;
  }

  MemorySegment memory() {
    return memory;
  }

  /** Ends the taking of a copy, whose place is then another's. */
  void endTaking() {
    turns.set(place(taken), taken + PLACES);
    taken++;
  }

  /** Nobody may use any of it from now on. */
  @Override
  public void close() {
    Memory.unmap(memory);
  }
}
