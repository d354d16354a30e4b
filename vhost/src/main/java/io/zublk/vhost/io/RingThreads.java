package io.zublk.vhost.io;

import io.zublk.block.BlockDevice;
import io.zublk.block.FailureListener;
import io.zublk.block.Polling;
import io.zublk.block.RateLimitedLog;
import io.zublk.block.ThreadCounters;
import io.zublk.uring.sys.LinuxException;
import io.zublk.vhost.VhostCounter;
import io.zublk.vhost.VhostOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The threads of a server, and the rings that they serve. Except for statistics and polling, used
 * by one thread.
 */
public final class RingThreads implements AutoCloseable {

  /** What is done while no thread touches a ring or a client's memory. */
  public interface Change<X extends Exception> {
    void make() throws X;
  }

  private final List<RingThread> threads = new ArrayList<>();

  /** By queue; null if it is not served. */
  private final ServedRing[] rings;

  /**
   * Makes and starts them.
   *
   * @param failures is told when one of them has failed
   * @throws LinuxException if there are no descriptors left
   */
  public RingThreads(
      BlockDevice device, VhostOptions options, RateLimitedLog log, FailureListener failures)
      throws LinuxException {
    rings = new ServedRing[options.queues()];
    try {
      for (int i = 0; i < options.threads(); i++) {
        RingThread thread = new RingThread(i, device, options, log, failures);
        threads.add(thread);
        thread.start();
      }
    } catch (LinuxException | RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** The ring that is served of a queue, or null. */
  public ServedRing ring(int queue) {
    return rings[queue];
  }

  /** Serves a ring of a queue, or with null none; in a {@link #change} only. */
  public void setRing(int queue, ServedRing ring) {
    rings[queue] = ring;
  }

  /** Pauses all threads, changes something, and lets them go on. */
  public <X extends Exception> void change(Change<X> change) throws X {
    threads.forEach(RingThread::pause);
    threads.forEach(RingThread::awaitPaused);
    try {
      change.make();
    } finally {
      for (int i = 0; i < threads.size(); i++) {
        threads.get(i).resume(ringsOf(i));
      }
    }
  }

  private List<ServedRing> ringsOf(int thread) {
    List<ServedRing> own = new ArrayList<>();
    for (int queue = thread; queue < rings.length; queue += threads.size()) {
      if (rings[queue] != null) {
        own.add(rings[queue]);
      }
    }
    return own;
  }

  /** Changes how they wait. Any thread may. */
  public void setPolling(Polling polling) {
    threads.forEach(thread -> thread.setPolling(polling));
  }

  /** The counts of all. Any thread may ask. */
  public ThreadCounters<VhostCounter> counters() {
    ThreadCounters<VhostCounter> sum = new ThreadCounters<>(VhostCounter.class);
    threads.forEach(thread -> sum.addAll(thread.counters()));
    return sum;
  }

  /** Ends them; no ring may be served any more. */
  @Override
  public void close() {
    assert Arrays.stream(rings).allMatch(Objects::isNull);
    threads.forEach(RingThread::close);
  }
}
