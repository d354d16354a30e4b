package io.zublk.ublk;

import io.zublk.uring.Ring;
import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;

/** Enters the kernel by a ring, and counts it. */
final class RingEntry implements KernelEntry {

  private final Ring ring;
  private final QueueCounters counters;

  RingEntry(Ring ring, QueueCounters counters) {
    this.ring = ring;
    this.counters = counters;
  }

  @Override
  public int ready() {
    return ring.completions().ready();
  }

  @Override
  public boolean workPending() {
    return ring.workPending();
  }

  @Override
  public void enter(int minimum) throws LinuxException {
    counters.add(UblkCounter.ENTERS, 1);
    check(ring.submitAndWait(minimum));
  }

  @Override
  public void enter(int minimum, long nanos) throws LinuxException {
    counters.add(UblkCounter.ENTERS, 1);
    check(ring.submitAndWait(minimum, nanos));
  }

  private static void check(int result) throws LinuxException {
    switch (-result) {
      case Errnos.EAGAIN, Errnos.EBUSY, Errnos.ETIME -> {
        // The kernel wants its completions read, or the time is over: the caller goes on anyway.
      }
      default -> {
        if (result < 0) {
          throw new LinuxException("io_uring_enter", -result);
        }
      }
    }
  }

  @Override
  @SuppressWarnings("ThreadPriorityCheck") // only speed depends on it, see YieldChoice
  public void yieldCpu() {
    Thread.yield();
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }
}
