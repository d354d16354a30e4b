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
    do {
      counters.add(UblkCounter.ENTERS, 1);
    } while (mustRepeat(ring.submitAndWait(minimum)));
  }

  @Override
  public void enter(int minimum, long nanos) throws LinuxException {
    do {
      counters.add(UblkCounter.ENTERS, 1);
    } while (mustRepeat(ring.submitAndWait(minimum, nanos)));
  }

  // Short of memory, or after an entry that it refuses, the kernel takes some entries or none. What
  // is left names buffers, which the caller is about to use again.
  private boolean mustRepeat(int result) throws LinuxException {
    switch (-result) {
      case Errnos.EAGAIN, Errnos.ETIME -> {
        // Out of memory for the moment; the time is over.
      }
      case Errnos.EBUSY -> {
        return false; // It wants its completions read first.
      }
      default -> {
        if (result < 0) {
          throw new LinuxException("io_uring_enter", -result);
        }
      }
    }
    return ring.submissions().pending() > 0;
  }

  @Override
  @SuppressWarnings("ThreadPriorityCheck") // only speed depends on it, see RequestWait
  public void yieldCpu() {
    Thread.yield();
  }
}
