package io.zublk.ublk.io;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Tells the log of what a device throws while it serves: the first time with its trace, then at
 * most once a minute with how often it happened since. A device that fails at every request must
 * neither hide nor fill the log.
 *
 * <p>Thread-safe. Never throws, because a request waits for its answer.
 */
final class FaultLog {

  private static final System.Logger LOG = System.getLogger("io.zublk.ublk");
  private static final long QUIET_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final String device;
  private final System.Logger log;
  private final LongSupplier clock;
  private long untold;
  private boolean told;
  private long toldNanos;

  /** A log for the device of this name. */
  FaultLog(String device) {
    this(device, LOG, System::nanoTime);
  }

  FaultLog(String device, System.Logger log, LongSupplier clock) {
    this.device = device;
    this.log = log;
    this.clock = clock;
  }

  /** Takes what a request ended with. */
  @SuppressWarnings("CatchingUnchecked") // also what lack of memory makes of logging
  void report(Throwable fault) {
    try {
      tell(fault);
    } catch (Throwable t) {
      // The request's error is what the user sees then.
    }
  }

  private synchronized void tell(Throwable fault) {
    untold++;
    long now = clock.getAsLong();
    if (!told) {
      log.log(
          System.Logger.Level.ERROR,
          device + ": the store threw; the request gets EIO, the device goes on",
          fault);
    } else if (now - toldNanos >= QUIET_NANOS) {
      log.log(
          System.Logger.Level.ERROR,
          "%s: the store threw %d times more, last: %s".formatted(device, untold, fault));
    } else {
      return;
    }
    told = true;
    toldNanos = now;
    untold = 0;
  }
}
