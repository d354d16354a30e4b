package io.zublk.store;

import java.util.concurrent.locks.LockSupport;

/** Ways to wait for another thread without a lock. */
final class Naps {

  private static final long MILLISECOND_NANOS = 1_000_000;

  private Naps() {}

  /** Waits a moment for the {@code tries}-th time; after {@code spins} of them, it yields. */
  @SuppressWarnings("ThreadPriorityCheck") // only speed depends on it
  static void spin(int tries, int spins) {
    if (tries < spins) {
      Thread.onSpinWait();
    } else {
      Thread.yield();
    }
  }

  static void millisecond() {
    LockSupport.parkNanos(MILLISECOND_NANOS);
  }
}
