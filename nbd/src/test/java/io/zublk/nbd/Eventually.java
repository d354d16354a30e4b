package io.zublk.nbd;

import java.util.function.BooleanSupplier;

/** What another thread does in its own time; the test's own limit ends a wait in vain. */
final class Eventually {

  private Eventually() {}

  /** Waits asleep: on a busy machine a thread that spins keeps away the one that it waits for. */
  static void until(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      try {
        Thread.sleep(1);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
