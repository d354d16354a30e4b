package io.zublk.store.work;

import io.zublk.block.IdleSet;
import io.zublk.block.RateLimitedLog;
import io.zublk.store.page.PageAccess;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Tasks;
import java.util.BitSet;
import java.util.concurrent.locks.LockSupport;

/** One of a store's own threads: it does its jobs in turn, and sleeps when none has any work. */
final class StoreWorker extends Thread {

  private static final RateLimitedLog LOG = new RateLimitedLog("io.zublk.store");

  /** Of whoever could not do its work, until it tries again, in nanoseconds. */
  static final long RETRY_NANOS = 10_000_000L;

  private final IdleSet idle;
  private final int index;
  private final Job[] jobs;
  private final PageAccess access;
  private final BitSet cpus;
  private final Runnable passOn;
  private volatile boolean resting;
  private volatile boolean stopping;

  /**
   * Makes the thread; {@code access} is its own from now on.
   *
   * @param idle where it is found by its {@code index} while it sleeps
   * @param passOn wakes another one, if one sleeps
   */
  StoreWorker(
      IdleSet idle, int index, Job[] jobs, PageAccess access, BitSet cpus, Runnable passOn) {
    super(null, null, "store-worker-" + index, 0, false);
    this.idle = idle;
    this.index = index;
    this.jobs = jobs;
    this.access = access;
    this.cpus = cpus;
    this.passOn = passOn;
    setDaemon(true);
  }

  void wake() {
    LockSupport.unpark(this);
  }

  /** Has it rest after what it does now, until it is told otherwise. Any thread. */
  void setResting(boolean rests) {
    resting = rests;
    wake();
  }

  void shutDown() {
    stopping = true;
    wake();
  }

  @Override
  public void run() {
    confine();
    try {
      while (!stopping) {
        if (resting) {
          rest();
        } else {
          workOrSleep();
        }
      }
    } finally {
      access.close();
    }
  }

  private void confine() {
    if (cpus.isEmpty()) {
      return;
    }
    try {
      Tasks.setAffinity(cpus);
    } catch (LinuxException _) {
      // The CPUs were checked; if they went offline since, any other serves as well.
    }
  }

  /** Nobody finds it now; who had just woken it relies on it, and so on another one now. */
  private void rest() {
    for (Job job : jobs) {
      job.leave();
    }
    passOn.run();
    while (resting && !stopping) {
      LockSupport.park(this);
      boolean _ = Thread.interrupted(); // would make every further sleep end at once
    }
  }

  /** Others rely on this thread, so nothing ends it. */
  private void workOrSleep() {
    try {
      if (work() > Job.NOW) {
        lookAgainAndSleep();
      }
    } catch (Throwable t) {
      LOG.fault("a store worker failed unexpectedly and goes on", t);
      LockSupport.parkNanos(this, RETRY_NANOS);
    }
  }

  /** What came before it was known that we sleep woke nobody. */
  private void lookAgainAndSleep() {
    idle.add(index);
    try {
      long nanos = work();
      if (nanos > Job.NOW && !stopping) {
        doze(nanos);
      }
    } finally {
      boolean _ = idle.remove(index);
    }
  }

  /** Asks every job once; returns when one of them wants to be asked again. */
  private long work() {
    long now = System.nanoTime();
    long nanos = Job.NEVER;
    for (Job job : jobs) {
      nanos = Math.min(nanos, job.doWork(access, now));
    }
    return nanos;
  }

  private void doze(long nanos) {
    if (nanos == Job.NEVER) {
      LockSupport.park(this);
    } else {
      LockSupport.parkNanos(this, nanos);
    }
    boolean _ = Thread.interrupted(); // would make every further sleep end at once
  }
}
