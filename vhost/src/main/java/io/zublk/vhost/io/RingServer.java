package io.zublk.vhost.io;

import io.zublk.block.RateLimitedLog;
import io.zublk.block.ThreadCounters;
import io.zublk.uring.sys.EventCount;
import io.zublk.vhost.VhostCounter;
import io.zublk.vhost.memory.GuestFault;
import io.zublk.vhost.ring.BrokenRingException;
import io.zublk.vhost.ring.Chain;

/**
 * Serves what is in a ring, in its order. A client that breaks a ring's rules, or takes its memory
 * away, loses that ring alone. For one thread. Allocates nothing while the rules are kept.
 */
final class RingServer {

  /** So many chains at most are served before the thread's other rings get their turn. */
  private static final int BATCH = 64;

  /**
   * After so many chains, or so many bytes, the client sees what was done. Each time costs a fence
   * and, where the client looks at the index all the while, the way of a cache line between two
   * CPUs, some 0.1 µs; waiting for a whole batch would double the time that requests take.
   */
  private static final int PUBLISH_CHAINS = 8;

  private static final long PUBLISH_BYTES = 64 << 10;

  /**
   * After so many chains a client that sleeps is called, if it has not seen so many bytes before. A
   * call is a system call of 1 to 2 µs here, and costs the client as much for waking up and going
   * to sleep again. Half of a usual depth of 32: one half is served while the client takes the
   * other.
   */
  private static final int CALL_CHAINS = 16;

  private final RequestServer requests;
  private final ThreadCounters<VhostCounter> counters;
  private final RateLimitedLog log;
  private final Chain chain = new Chain();

  private int unpublished;
  private long unpublishedBytes;
  private int uncalled;

  RingServer(RequestServer requests, ThreadCounters<VhostCounter> counters, RateLimitedLog log) {
    this.requests = requests;
    this.counters = counters;
    this.log = log;
  }

  /** Whether a ring has something to do; one that turns out to be broken has. Costs no fault. */
  static boolean isReady(ServedRing served) {
    if (served.broken) {
      return false;
    }
    try {
      boolean ready = served.ring.isReady() || served.hasLeftOver();
      GuestFault.raise();
      return ready;
    } catch (InternalError e) {
      return true; // whoever serves it gets the same
    }
  }

  /** Asks for kicks; as {@link #isReady}, leaves it to who serves the ring to find it broken. */
  static void wantKicks(ServedRing served) {
    if (served.kick != null && !served.broken) {
      try {
        served.ring.wantKicks();
        GuestFault.raise();
      } catch (InternalError _) {
        // It is found ready then.
      }
    }
  }

  /** Asks for no more kicks. */
  static void wantNoKicks(ServedRing served) {
    if (!served.broken) {
      try {
        served.ring.wantNoKicks();
        GuestFault.raise();
      } catch (InternalError _) {
        // It is found ready then.
      }
    }
  }

  /** Serves a batch; returns false if there was none. */
  boolean serve(ServedRing served) {
    if (served.broken) {
      return false;
    }
    unpublished = 0;
    unpublishedBytes = 0;
    uncalled = 0;
    callIfDue(served);
    try {
      boolean any = serveLeftOver(served);
      any |= serveReady(served);
      if (any) {
        publish(served);
        if (uncalled > 0) {
          call(served);
        }
      }
      GuestFault.raise();
      return any;
    } catch (BrokenRingException e) {
      stop(served, e.getMessage());
    } catch (InternalError e) {
      stop(served, "the client took its memory away: " + e.getMessage());
    }
    return true;
  }

  private boolean serveLeftOver(ServedRing served) throws BrokenRingException {
    boolean any = served.hasLeftOver();
    while (served.hasLeftOver()) {
      int head = served.leftOver[served.leftOverDone++];
      served.ring.requireHead(head);
      serve(served, head);
    }
    return any;
  }

  private boolean serveReady(ServedRing served) throws BrokenRingException {
    int count = Math.min(served.ring.ready(), BATCH);
    GuestFault.raise();
    for (int i = 0; i < count; i++) {
      int head = served.ring.take();
      if (served.inflight != null) {
        served.inflight.taken(head);
      }
      serve(served, head);
    }
    return count > 0;
  }

  private void serve(ServedRing served, int head) throws BrokenRingException {
    chain.load(served.ring, served.memory, head);
    GuestFault.raise();
    int written = requests.serve(chain);
    served.ring.give(head, written);
    if (served.inflight != null) {
      served.inflight.given(head);
    }
    unpublished++;
    unpublishedBytes += requests.moved();
    boolean isMuch = unpublishedBytes >= PUBLISH_BYTES;
    if (isMuch || unpublished >= PUBLISH_CHAINS) {
      publish(served);
      if (isMuch || uncalled >= CALL_CHAINS) {
        call(served);
      }
    }
    GuestFault.raise();
  }

  private void publish(ServedRing served) {
    if (unpublished == 0) {
      return;
    }
    served.ring.publish();
    if (served.inflight != null) {
      served.inflight.published();
    }
    uncalled += unpublished;
    unpublished = 0;
    unpublishedBytes = 0;
  }

  private void callIfDue(ServedRing served) {
    if (served.callDue) {
      served.callDue = false;
      if (served.call != null) {
        served.call.add();
      }
    }
  }

  private void call(ServedRing served) {
    uncalled = 0;
    if (served.call != null && served.ring.wantsCall()) {
      counters.add(VhostCounter.CALLS, 1);
      served.call.add();
    }
  }

  private void stop(ServedRing served, String reason) {
    served.broken = true;
    counters.add(VhostCounter.BROKEN_RINGS, 1);
    log.warning("a ring is not served any more", "queue " + served.queue + ": " + reason);
    EventCount error = served.error;
    if (error != null) {
      error.add();
    }
  }
}
