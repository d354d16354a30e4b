package io.zublk.ublk.io;

import io.zublk.block.Polling;
import io.zublk.block.SpinLimit;
import io.zublk.block.ThreadCounters;
import io.zublk.ublk.UblkCounter;
import io.zublk.uring.sys.LinuxException;

/**
 * How a queue thread gets from one batch of requests to the next: it sleeps at once, with one
 * system call a batch; or it spins first. Used by the queue thread, except for {@link #setPolling}.
 */
final class RequestWait {

  /** What waiting needs of the kernel. */
  interface Kernel {

    /** How many completions can be read. */
    int ready();

    /** Whether {@code enter(0)} may make completions ready. Costs no system call. */
    boolean workPending();

    /** Submits all that is in the ring, and waits until {@code minimum} completions are ready. */
    void enter(int minimum) throws LinuxException;

    /** As {@link #enter(int)}, for no longer than {@code nanos}. */
    void enter(int minimum, long nanos) throws LinuxException;

    /** Lets other threads have this CPU, if any wants it. */
    void yieldCpu();
  }

  /** Who has had no request for so long is idle, and has time to give memory back. */
  static final long IDLE_NANOS = 1_000_000_000L;

  private final ThreadCounters<UblkCounter> counters;

  /** Null while not polling. */
  private volatile SpinLimit spin;

  RequestWait(ThreadCounters<UblkCounter> counters, Polling polling) {
    this.counters = counters;
    setPolling(polling);
  }

  /** Takes effect with the next batch. Any thread may call it. */
  void setPolling(Polling polling) {
    spin = polling.enabled() ? new SpinLimit(polling) : null;
  }

  /**
   * Hands results over and waits for requests.
   *
   * @param own how many completions that are no requests handing over makes
   * @param restless whether to come back without a request after {@link #IDLE_NANOS}
   */
  void forRequests(Kernel kernel, int own, boolean restless) throws LinuxException {
    SpinLimit limit = spin;
    if (limit != null && poll(kernel, own, limit)) {
      return;
    }
    if (restless) {
      kernel.enter(own + 1, IDLE_NANOS);
    } else {
      kernel.enter(own + 1);
    }
  }

  private void yieldCpu(Kernel kernel) {
    counters.add(UblkCounter.YIELDS, 1);
    kernel.yieldCpu();
  }

  // Whoever waits for results must have them before anybody spins, hence the first entry. From then
  // on the kernel is entered only when the ring says that it has something.
  private boolean poll(Kernel kernel, int own, SpinLimit limit) throws LinuxException {
    kernel.enter(0);
    if (kernel.ready() > own) {
      return true;
    }
    int looks = limit.looks();
    for (int i = 1; i <= looks; i++) {
      if (found(kernel, own)) {
        counters.add(UblkCounter.POLLS, i);
        counters.add(UblkCounter.POLL_COMPLETIONS, 1);
        limit.hit();
        return true;
      }
      Thread.onSpinWait();
    }
    limit.miss();
    // Last, for whom this thread keeps from running: on its own CPU there may be the next user.
    yieldCpu(kernel);
    counters.add(UblkCounter.POLLS, looks + 1L);
    if (found(kernel, own)) {
      counters.add(UblkCounter.POLL_COMPLETIONS, 1);
      return true;
    }
    counters.add(UblkCounter.POLL_FALLBACKS, 1);
    return false;
  }

  private static boolean found(Kernel kernel, int own) throws LinuxException {
    if (kernel.ready() <= own && kernel.workPending()) {
      kernel.enter(0);
    }
    return kernel.ready() > own;
  }
}
