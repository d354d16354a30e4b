package io.zublk.vhost.io;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.FailureListener;
import io.zublk.block.Polling;
import io.zublk.block.RateLimitedLog;
import io.zublk.block.SpinLimit;
import io.zublk.block.ThreadCounters;
import io.zublk.block.Threads;
import io.zublk.uring.sys.EventCount;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.PollSet;
import io.zublk.vhost.VhostCounter;
import io.zublk.vhost.VhostOptions;
import java.util.List;

/**
 * A thread that serves some rings: it looks at them for as long as that pays, then sleeps until a
 * client kicks. Whoever changes anything about them pauses it first.
 */
final class RingThread {

  /** How long to sleep where a client never kicks, in milliseconds. */
  private static final int KICKLESS_MILLIS = 1;

  /** How often to end a wait for a client that never reads what it is called by. */
  private static final long UNBLOCK_MILLIS = 1;

  private static final int BELL = 0;

  private final BlockDevice device;
  private final VhostOptions options;
  private final RateLimitedLog log;
  private final FailureListener failures;
  private final ThreadCounters<VhostCounter> counters = new ThreadCounters<>(VhostCounter.class);
  private final EventCount bell;
  private final Thread thread;

  /** Null while not polling. */
  private volatile SpinLimit spin;

  /** Whether anything waits for the thread at the next safe point. */
  private volatile boolean called;

  // Guarded by this, as are the rings while the thread is paused or has not started.
  private boolean pausing;
  private boolean paused;
  private boolean ending;
  private boolean ended;

  private ServedRing[] rings = {};
  private PollSet kicks;
  private int sleepMillis = PollSet.FOR_EVER;

  RingThread(
      int index,
      BlockDevice device,
      VhostOptions options,
      RateLimitedLog log,
      FailureListener failures)
      throws LinuxException {
    this.device = device;
    this.options = options;
    this.log = log;
    this.failures = failures;
    bell = EventCount.open();
    kicks = new PollSet(bell.fd());
    setPolling(options.polling());
    thread =
        Thread.ofPlatform()
            .daemon()
            .name("vhost-" + index)
            .inheritInheritableThreadLocals(false)
            .unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** Takes effect when the thread waits next. Any thread may call it. */
  void setPolling(Polling polling) {
    spin = polling.enabled() ? new SpinLimit(polling) : null;
  }

  ThreadCounters<VhostCounter> counters() {
    return counters;
  }

  // ---- for the thread that changes rings

  /** Has the thread leave its rings alone; {@link #awaitPaused} waits for that. */
  void pause() {
    synchronized (this) {
      pausing = true;
    }
    call();
  }

  /** Waits until it has; the request that it is serving ends first. */
  synchronized void awaitPaused() {
    boolean interrupted = false;
    while (!paused && !ended) {
      try {
        wait(UNBLOCK_MILLIS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
      unblock();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  // A client can make a call wait by filling the count, and nothing keeps a write from waiting
  // then: O_NONBLOCK belongs to the file, so the client may change it back; eventfds know no
  // RWF_NOWAIT for writes; and between a poll and the write the count may be filled. So no thread
  // writes there but this one, which serves nobody but that client, and whoever needs it empties
  // the count: over and over, for threads of the client may wait as well, and be first.
  private void unblock() {
    for (ServedRing served : rings) {
      take(served.call);
      take(served.error);
    }
  }

  private static void take(EventCount event) {
    if (event != null) {
      event.take();
    }
  }

  /** Lets the thread go on, with these rings. */
  synchronized void resume(List<ServedRing> newRings) {
    rings = newRings.toArray(ServedRing[]::new);
    int[] fds = new int[1 + rings.length];
    fds[BELL] = bell.fd();
    sleepMillis = PollSet.FOR_EVER;
    for (int i = 0; i < rings.length; i++) {
      if (rings[i].kick == null) {
        fds[1 + i] = bell.fd();
        sleepMillis = KICKLESS_MILLIS;
      } else {
        fds[1 + i] = rings[i].kick.fd();
      }
    }
    kicks = new PollSet(fds);
    pausing = false;
    notifyAll();
  }

  /** Ends the thread, and waits for that; it must have been paused, or have no rings. */
  void close() {
    synchronized (this) {
      ending = true;
      pausing = false;
      notifyAll();
    }
    call();
    Threads.join(thread);
    bell.close();
  }

  private void call() {
    called = true;
    bell.add();
  }

  // ---- the thread

  private void run() {
    try (BlockChannel channel = device.openChannel()) {
      RequestServer requests = new RequestServer(device, options, channel, counters, log);
      serve(new RingServer(requests, counters, log));
    } catch (Throwable t) {
      failures.failed("a thread of the vhost-user server failed", t);
    } finally {
      synchronized (this) {
        ended = true;
        notifyAll();
      }
    }
  }

  private void serve(RingServer server) {
    while (true) {
      if (called && isEnd()) {
        return;
      }
      boolean any = false;
      for (ServedRing served : rings) {
        any |= server.serve(served);
      }
      if (!any) {
        await();
      }
    }
  }

  /** The safe point; returns whether the thread is to end. */
  private synchronized boolean isEnd() {
    called = false;
    bell.take();
    paused = true;
    notifyAll();
    Threads.await(this, () -> !pausing);
    paused = false;
    return ending;
  }

  private void await() {
    SpinLimit limit = spin;
    if (limit == null || !poll(limit)) {
      sleep();
    }
  }

  private boolean poll(SpinLimit limit) {
    int looks = limit.looks();
    for (int i = 1; i <= looks; i++) {
      if (isReady()) {
        counters.add(VhostCounter.POLLS, i);
        counters.add(VhostCounter.POLL_COMPLETIONS, 1);
        limit.hit();
        return true;
      }
      Thread.onSpinWait();
    }
    limit.miss();
    yieldCpu();
    counters.add(VhostCounter.POLLS, looks + 1L);
    if (isReady()) {
      counters.add(VhostCounter.POLL_COMPLETIONS, 1);
      return true;
    }
    counters.add(VhostCounter.POLL_FALLBACKS, 1);
    return false;
  }

  // Last, for whom this thread keeps from running: on its own CPU there may be the client.
  @SuppressWarnings("ThreadPriorityCheck") // a hint to the scheduler is what this is
  private void yieldCpu() {
    counters.add(VhostCounter.YIELDS, 1);
    Thread.yield();
  }

  private boolean isReady() {
    for (ServedRing served : rings) {
      if (RingServer.isReady(served)) {
        return true;
      }
    }
    return called;
  }

  // Who kicks before it is asked to is seen by the look after that; who kicks later, by the poll.
  private void sleep() {
    for (ServedRing served : rings) {
      RingServer.wantKicks(served);
    }
    if (!isReady()) {
      counters.add(VhostCounter.SLEEPS, 1);
      kicks.await(sleepMillis);
      for (int i = 0; i < rings.length; i++) {
        if (rings[i].kick != null && kicks.isReady(1 + i)) {
          rings[i].kick.take();
        }
      }
    }
    for (ServedRing served : rings) {
      RingServer.wantNoKicks(served);
    }
  }
}
