package io.zublk.store.table;

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
public final class PageTable {

  private static final VarHandle ENTRY = JAVA_LONG.varHandle();

  /**
   * What methods return when the lock is never given back. It is none of the entries that they
   * return, all of which are without the lock.
   */
  public static final long STUCK = PageEntry.LOCK;

  /**
   * Naps of a millisecond before the lock is presumed to be a damaged bit that nobody holds. Naps
   * are counted, not time, so that a process that was stopped finds its locks as it left them.
   */
  private static final int NAPS = 5000;

  private static final int TRIES = Naps.TRIES_BEFORE_NAPS + NAPS;

  private final MemorySegment memory;
  private final long offset;

  public PageTable(MemorySegment memory, long offset) {
    this.memory = memory;
    this.offset = offset;
  }

  /** The entry now, possibly locked. */
  public long get(long page) {
    return (long) ENTRY.getAcquire(memory, at(page));
  }

  /** The entry as soon as it is unlocked; or {@link #STUCK}. */
  public long getUnlocked(long page) {
    for (int tries = 0; tries < TRIES; tries++) {
      long entry = get(page);
      if (!PageEntry.isLocked(entry)) {
        return entry;
      }
      Naps.pause(tries);
    }
    return STUCK;
  }

  /**
   * Replaces the entry as soon as it is unlocked, if it is the expected one then.
   *
   * @return the expected one if it was replaced, otherwise another one; or {@link #STUCK}
   */
  public long replaceIf(long page, long expected, long entry) {
    for (int tries = 0; tries < TRIES; tries++) {
      long old = get(page);
      long unlocked = old & ~PageEntry.LOCK;
      if (unlocked != expected) {
        return unlocked;
      }
      if (old == expected && ENTRY.weakCompareAndSet(memory, at(page), old, entry)) {
        return old;
      }
      Naps.pause(tries);
    }
    return STUCK;
  }

  /** Locks the entry and returns it as it was, without the lock; or {@link #STUCK}. */
  public long lock(long page) {
    for (int tries = 0; tries < TRIES; tries++) {
      long entry = get(page);
      if (!PageEntry.isLocked(entry)
          && ENTRY.weakCompareAndSet(memory, at(page), entry, entry | PageEntry.LOCK)) {
        return entry;
      }
      Naps.pause(tries);
    }
    return STUCK;
  }

  /** Replaces the entry that the caller has locked, and unlocks it. */
  public void unlock(long page, long entry) {
    ENTRY.setRelease(memory, at(page), entry);
  }

  /** Replaces the entry as soon as it is unlocked, and returns the old one; or {@link #STUCK}. */
  public long replace(long page, long entry) {
    for (int tries = 0; tries < TRIES; tries++) {
      long old = get(page);
      if (!PageEntry.isLocked(old) && ENTRY.weakCompareAndSet(memory, at(page), old, entry)) {
        return old;
      }
      Naps.pause(tries);
    }
    return STUCK;
  }

  private long at(long page) {
    return offset + page * Long.BYTES;
  }
}
