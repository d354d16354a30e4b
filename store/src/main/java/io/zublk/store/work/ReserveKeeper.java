package io.zublk.store.work;

import io.zublk.block.RateLimitedLog;
import io.zublk.store.arena.SlabArena;
import io.zublk.store.page.Pages;
import java.io.IOException;
import java.util.concurrent.locks.LockSupport;

/**
 * The thread that makes the reserve of a store whole again. It has no other work, as it may wait
 * for the kernel as long as memory is short; no request ever waits for it.
 */
public final class ReserveKeeper extends Thread {

  private static final RateLimitedLog LOG = new RateLimitedLog("io.zublk.store");

  /** Between two attempts as long as there is no memory, in nanoseconds. */
  private static final long RETRY_NANOS = 10_000_000L;

  private final SlabArena arena;
  private volatile boolean stopping;

  /**
   * Begins to keep a reserve, which is empty as yet; before anybody uses the store.
   *
   * @param slabs how many are to be ready
   */
  public ReserveKeeper(Pages pages, int slabs) {
    super(null, null, "store-reserve", 0, false);
    this.arena = pages.arena();
    setDaemon(true);
    pages.file().mapMetadata();
    arena.startReserve(slabs, () -> LockSupport.unpark(this));
  }

  /**
   * Fills the reserve, before the thread is started.
   *
   * @throws IOException if there is no memory for it
   */
  public void fill() throws IOException {
    if (!arena.refill()) {
      throw new IOException(
          "no memory for a reserve: only %d KiB of it could be had"
              .formatted(arena.reserveBytes() >> 10));
    }
  }

  /** Ends the thread, unless it waits for the kernel; then it ends after that. */
  public void shutDown() {
    stopping = true;
    LockSupport.unpark(this);
  }

  @Override
  public void run() {
    while (!stopping) {
      refillOrRest();
      boolean _ = Thread.interrupted(); // would make every further rest end at once
    }
  }

  /** Others rely on this thread, so nothing ends it. */
  private void refillOrRest() {
    try {
      if (arena.refill()) {
        LockSupport.park(this);
      } else {
        LockSupport.parkNanos(this, RETRY_NANOS);
      }
    } catch (Throwable t) {
      LOG.fault("the keeper of the reserve failed unexpectedly and goes on", t);
      LockSupport.parkNanos(this, RETRY_NANOS);
    }
  }
}
