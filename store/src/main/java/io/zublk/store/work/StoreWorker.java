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
  private volatile boolean stopping;

  /**
   * Makes the thread; {@code access} is its own from now on.
   *
   * @param idle where it is found by its {@code index} while it sleeps
   */
  StoreWorker(IdleSet idle, int index, Job[] jobs, PageAccess access, BitSet cpus) {
    super(null, null, "store-worker-" + index, 0, false);
    this.idle = idle;
    this.index = index;
    this.jobs = jobs;
    this.access = access;
    this.cpus = cpus;
    setDaemon(true);
  }

  void wake() {
    LockSupport.unpark(this);
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
        workOrSleep();
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
