package io.zublk.store;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * The array of {@linkplain PageEntry entries}, one a page, in shared memory.
 *
 * <p>What an unlocked entry points at may be freed at any moment by whoever replaces the entry, so
 * a thread that reads through an entry locks it for that long. Replacing needs no lock: it succeeds
 * only on an unlocked entry. The lock is a bit of the entry, so taking it costs no further cache
 * line, and a lock left by a killed process is cleared when the file is opened.
 */
final class PageTable {

  private static final VarHandle ENTRY = JAVA_LONG.varHandle();

  /** Spins before the lock's holder is presumed to have lost its CPU: some microseconds. */
  private static final int SPINS = 1 << 10;

  private final MemorySegment memory;
  private final long offset;

  PageTable(MemorySegment memory, long offset) {
    this.memory = memory;
    this.offset = offset;
  }

  /** The entry now, possibly locked. */
  long get(long page) {
    return (long) ENTRY.getAcquire(memory, at(page));
  }

  /** Locks the entry and returns it as it was, without the lock. */
  long lock(long page) {
    for (int spins = 0; ; spins++) {
      long entry = get(page);
      if (!PageEntry.isLocked(entry)
          && ENTRY.weakCompareAndSet(memory, at(page), entry, entry | PageEntry.LOCK)) {
        return entry;
      }
      pause(spins);
    }
  }

  /** Replaces the entry that the caller has locked, and unlocks it. */
  void unlock(long page, long entry) {
    ENTRY.setRelease(memory, at(page), entry);
  }

  /** Replaces the entry as soon as it is unlocked, and returns the old one. */
  long replace(long page, long entry) {
    for (int spins = 0; ; spins++) {
      long old = get(page);
      if (!PageEntry.isLocked(old) && ENTRY.weakCompareAndSet(memory, at(page), old, entry)) {
        return old;
      }
      pause(spins);
    }
  }

  private static void pause(int spins) {
    if (spins < SPINS) {
      Thread.onSpinWait();
    } else {
      Thread.yield();
    }
  }

  private long at(long page) {
    return offset + page * Long.BYTES;
  }
}
