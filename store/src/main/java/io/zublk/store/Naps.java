package io.zublk.store;

import java.util.concurrent.locks.LockSupport;

/** Ways to wait for another thread without a lock. */
final class Naps {

  private static final long MILLISECOND_NANOS = 1_000_000;

  /** Spins before the other thread is presumed to have lost its CPU: some microseconds. */
  private static final int SPINS = 1 << 10;

  /** Yields before it is presumed to have lost it for longer. */
  private static final int YIELDS = 1 << 10;

  /** How often {@link #pause} returns before it naps. */
  static final int TRIES_BEFORE_NAPS = SPINS + YIELDS;

  private Naps() {}

  /** Waits a moment for the {@code tries}-th time: first it spins, then it yields, then it naps. */
  @SuppressWarnings("ThreadPriorityCheck") // only speed depends on it
  static void pause(int tries) {
    if (tries < SPINS) {
      Thread.onSpinWait();
    } else if (tries < TRIES_BEFORE_NAPS) {
      Thread.yield();
    } else {
      millisecond();
    }
  }

  /** Naps that long also if the thread is interrupted; the interrupt stays pending. */
  static void millisecond() {
    boolean interrupted = Thread.interrupted();
    LockSupport.parkNanos(MILLISECOND_NANOS);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
