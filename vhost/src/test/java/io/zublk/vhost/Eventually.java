package io.zublk.vhost;

import java.util.function.BooleanSupplier;

/** Waiting for what must come. */
final class Eventually {

  private static final long LIMIT_NANOS = 60_000_000_000L;

  private Eventually() {}

  static void isSo(String what, BooleanSupplier condition) throws InterruptedException {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - start > LIMIT_NANOS) {
        throw new AssertionError("in vain waited until " + what);
      }
      Thread.sleep(1);
    }
  }
}
