package io.zublk.store.table;

import java.util.concurrent.locks.LockSupport;

/** Ways to wait for another thread without a lock. */
public final class Naps {

  private static final long MILLISECOND_NANOS = 1_000_000;

  /** Spins before the other thread is presumed to have lost its CPU: some microseconds. */
  private static final int SPINS = 1 << 10;

  /** Yields before it is presumed to have lost it for longer. */
  private static final int YIELDS = 1 << 10;

  /** How often {@link #pause} returns before it naps. */
  public static final int TRIES_BEFORE_NAPS = SPINS + YIELDS;

  private Naps() {}

  /** Waits a moment for the {@code tries}-th time: first it spins, then it yields, then it naps. */
  @SuppressWarnings("ThreadPriorityCheck") // only speed depends on it
  public static void pause(int tries) {
    if (tries < SPINS) {
      Thread.onSpinWait();
    } else if (tries < TRIES_BEFORE_NAPS) {
      Thread.yield();
    } else {
      millisecond();
    }
  }

  /**
   * Naps that long, whoever wakes or interrupts the thread; an interrupt stays pending. One that is
   * pending, or was restored after the last nap, would end every nap at once.
   */
  public static void millisecond() {
    boolean interrupted = false;
    long end = System.nanoTime() + MILLISECOND_NANOS;
    for (long left = MILLISECOND_NANOS; left > 0; left = end - System.nanoTime()) {
      interrupted |= Thread.interrupted();
      LockSupport.parkNanos(left);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
