package io.zublk.ublk.io;

import io.zublk.block.BlockChannel;
import io.zublk.block.ThreadCounters;
import io.zublk.block.Threads;
import io.zublk.ublk.Polling;
import io.zublk.ublk.UblkCounter;
import io.zublk.ublk.UblkFeature;
import io.zublk.ublk.UblkStatistics;
import io.zublk.ublk.UblkThread;
import io.zublk.uring.CompletionQueue;
import io.zublk.uring.RingOptions;
import io.zublk.uring.Sqe;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Tasks;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * A thread that serves requests of one hardware queue, in copy mode: it takes a batch, has the
 * device serve each request, and hands all results back with one system call. Serving allocates
 * nothing.
 */
final class QueueThread {

  /** The character device's index among the ring's registered files. */
  static final int CHAR_DEVICE = 0;

  /** User data of the poll of the signal to end; all others of a thread are smaller. */
  static final long QUIT = Long.MAX_VALUE;

  private final Queues queues;
  private final int queue;
  private final TagRange tags;
  private final boolean batchIo;
  private final QueueMemory memory;
  private final ThreadCounters<UblkCounter> counters = new ThreadCounters<>(UblkCounter.class);
  private final RequestWait wait;
  private final BitSet cpus;
  private final Thread thread;
  private final CompletableFuture<Void> lent = new CompletableFuture<>();

  /** Makes the thread; {@link #start} starts it. */
  QueueThread(
      Queues queues, int queue, TagRange tags, BitSet cpus, Polling polling, QueueMemory memory) {
    this.queues = queues;
    this.queue = queue;
    this.tags = tags;
    this.batchIo = queues.info().features().contains(UblkFeature.BATCH_IO);
    this.cpus = cpus;
    this.memory = memory;
    this.wait = new RequestWait(counters, polling);
    String name = "ublk" + queues.info().id() + "-q" + queue;
    this.thread =
        Thread.ofPlatform()
            .name(tags.step() == 1 ? name : name + "." + tags.first())
            .unstarted(this::run);
  }

  /**
   * Starts the thread, which lends the driver its tags.
   *
   * @return completed when it has; exceptionally if it could not
   */
  CompletableFuture<Void> start() {
    thread.start();
    return lent;
  }

  private void run() {
    Throwable failure = null;
    try {
      Tasks.setAffinity(cpus);
      try (BlockChannel channel = queues.device().openChannel()) {
        serve(new TagServer(queues.info(), memory, channel, counters, Queues.LOG));
      }
    } catch (Throwable t) {
      // Whoever waits for the start is told; later there is nobody but the log.
      failure = lent.completeExceptionally(t) ? null : t;
    } finally {
      queues.threadEnded(thread.getName(), failure);
    }
  }

  // The commands' memory is freed last: until the ring is closed the driver may write into it. In
  // batches it does so for a thread that lives only, and needs no thread's end to take back the
  // tags.
  private void serve(TagServer server) throws LinuxException {
    RingOptions options = batchIo ? BatchCommands.ring() : TagCommands.ringFor(tags);
    try (QueueRing opened = QueueRing.open(options, !batchIo, counters);
        QueueCommands commands = commands(opened, server);
        QueueRing ring = opened) {
      ring.registerFiles(queues.charDevice().fd());
      lend(ring, commands);
      lent.complete(null);
      queues.awaitBegin();
      Sqe.pollIn(ring.entries(), ring.next(), queues.quit().fd(), QUIT);
      commands.begin();
      serve(ring, server, commands);
    }
  }

  private QueueCommands commands(QueueRing ring, TagServer server) throws LinuxException {
    return batchIo
        ? new BatchCommands(queue, tags, memory, server, ring)
        : new TagCommands(queue, tags, memory, server, ring);
  }

  private static void lend(QueueRing ring, QueueCommands commands) throws LinuxException {
    CompletionQueue completions = ring.completions();
    int own = commands.lend();
    ring.enter(own);
    // A tag that the driver does not take says so at once; starting would wait for it for ever.
    for (int i = 0; i < completions.ready(); i++) {
      if (completions.result(i) < 0) {
        throw new LinuxException("ublk tag", -completions.result(i));
      }
    }
    completions.advance(own);
  }

  /**
   * Serves requests until the driver has taken back what it was lent, as the device was stopped, or
   * until all threads shall end; what the driver was lent ends with the ring then.
   *
   * @throws LinuxException the driver refused a command, or the ring failed
   */
  private void serve(QueueRing ring, TagServer server, QueueCommands commands)
      throws LinuxException {
    CompletionQueue completions = ring.completions();
    while (!commands.ended()) {
      boolean shrinkable = server.hasLargeBuffers() && ownsItsTags();
      wait.forRequests(ring, commands.commit(), shrinkable);
      int ready = completions.ready();
      for (int i = 0; i < ready; i++) {
        if (completions.userData(i) == QUIT) {
          return;
        }
        commands.take(i);
      }
      completions.advance(ready);
      if (shrinkable && ready == 0) {
        server.shrinkBuffers(tags);
      }
    }
  }

  // Else another thread may be serving a request in any of them.
  private boolean ownsItsTags() {
    return !batchIo || tags.step() == 1;
  }

  /** Changes how the thread waits. */
  void setPolling(Polling polling) {
    wait.setPolling(polling);
  }

  /** What the thread has counted. */
  UblkStatistics statistics() {
    Map<UblkCounter, Long> counts = new EnumMap<>(UblkCounter.class);
    for (UblkCounter counter : UblkCounter.values()) {
      counts.put(counter, counters.get(counter));
    }
    return new UblkStatistics(counts);
  }

  /** What a user may know of the thread. */
  UblkThread description() {
    return new UblkThread(thread.getName(), queue, cpus);
  }

  /** Waits until the thread has ended, whatever interrupts. */
  void awaitEnd() {
    Threads.join(thread);
  }
}
