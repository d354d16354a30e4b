package io.zublk.ublk.io;

import io.zublk.block.ThreadCounters;
import io.zublk.ublk.UblkCounter;
import io.zublk.uring.BufferRing;
import io.zublk.uring.CompletionQueue;
import io.zublk.uring.Ring;
import io.zublk.uring.RingOptions;
import io.zublk.uring.SubmissionQueue;
import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import java.lang.foreign.MemorySegment;

/**
 * The ring of a queue thread: entering the kernel by it takes all entries along, whatever becomes
 * of them, and is counted.
 *
 * <p>Used and closed by the thread that opened it.
 */
final class QueueRing implements RequestWait.Kernel, AutoCloseable {

  private final Ring ring;
  private final SubmissionQueue submissions;
  private final CompletionQueue completions;
  private final boolean endsWithThread;
  private final ThreadCounters<UblkCounter> counters;

  /**
   * Opens a ring.
   *
   * @param endsWithThread whether the kernel shall hold it until this thread ends, see {@link
   *     #close}
   * @throws LinuxException also if the kernel would complete requests at any time, not only when
   *     the thread enters it, or cannot hold the ring
   */
  static QueueRing open(
      RingOptions options, boolean endsWithThread, ThreadCounters<UblkCounter> counters)
      throws LinuxException {
    Ring ring = Ring.open(options);
    try {
      requireDeferral(ring.setupFlags());
      requireIndex(!endsWithThread || ring.selfRegistered());
    } catch (LinuxException e) {
      ring.close();
      throw e;
    }
    return new QueueRing(ring, endsWithThread, counters);
  }

  /**
   * Makes sure that the driver copies a request into a tag's buffer only while this thread is in
   * the kernel; else {@link TagServer#shrinkBuffers} could throw away what it has just copied.
   */
  static void requireDeferral(int setupFlags) throws LinuxException {
    if ((setupFlags & Ring.SETUP_DEFER_TASKRUN) == 0) {
      throw new LinuxException("io_uring without DEFER_TASKRUN (Linux 6.1)", Errnos.EOPNOTSUPP);
    }
  }

  /** Makes sure that the kernel knows by which thread's end a ring ends. */
  static void requireIndex(boolean present) throws LinuxException {
    if (!present) {
      throw new LinuxException("io_uring has no index for the ring", Errnos.ENOMEM);
    }
  }

  QueueRing(Ring ring, boolean endsWithThread, ThreadCounters<UblkCounter> counters) {
    this.ring = ring;
    this.endsWithThread = endsWithThread;
    this.submissions = ring.submissions();
    this.completions = ring.completions();
    this.counters = counters;
  }

  /** Lets entries name files by their place in the list. */
  void registerFiles(int... fds) throws LinuxException {
    ring.registerFiles(fds);
  }

  /** Makes buffers that the kernel chooses from; see {@link BufferRing}. */
  BufferRing openBuffers(int group, int count, int bytes) throws LinuxException {
    return BufferRing.open(ring, group, count, bytes);
  }

  /** The memory of all entries. */
  MemorySegment entries() {
    return submissions.memory();
  }

  /**
   * Takes the next entry, which then must be written. Enters the kernel if all others wait for
   * that.
   *
   * @return where it is in {@link #entries}
   */
  long next() throws LinuxException {
    long at = submissions.next();
    if (at == SubmissionQueue.FULL) {
      enter(0);
      at = submissions.next();
      if (at == SubmissionQueue.FULL) {
        throw new LinuxException("io_uring takes no entries", Errnos.EBUSY);
      }
    }
    return at;
  }

  CompletionQueue completions() {
    return completions;
  }

  @Override
  public int ready() {
    return completions.ready();
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
    return submissions.pending() > 0;
  }

  @Override
  @SuppressWarnings("ThreadPriorityCheck") // only speed depends on it, see RequestWait
  public void yieldCpu() {
    Thread.yield();
  }

  /**
   * Closes the ring. What it has of the driver ends now or with the thread.
   *
   * <p>With the thread, because before Linux 6.15 the driver fails a request that is on its way to
   * a thread only if that is ending. One that lives is handed it while its ring is closed, where
   * nobody sees it any more: neither the request nor its disk would ever end (ublk_rq_task_work_cb
   * after ublk_abort_queue in ublk_drv.c).
   */
  @Override
  public void close() throws LinuxException {
    if (endsWithThread) {
      ring.closeWithThread();
    } else {
      ring.close();
    }
  }
}
