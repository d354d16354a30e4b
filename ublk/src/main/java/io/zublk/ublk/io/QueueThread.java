package io.zublk.ublk.io;

import io.zublk.block.BlockChannel;
import io.zublk.block.Polling;
import io.zublk.block.ThreadCounters;
import io.zublk.block.Threads;
import io.zublk.ublk.UblkCounter;
import io.zublk.ublk.UblkFeature;
import io.zublk.ublk.UblkStatistics;
import io.zublk.ublk.UblkThread;
import io.zublk.uring.CompletionQueue;
import io.zublk.uring.RingOptions;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Tasks;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/**
 * A thread that serves requests of one hardware queue, in copy mode: it takes a batch, has the
 * device serve each request, and hands all results back with one system call. Serving allocates
 * nothing.
 */
final class QueueThread {

  /** The character device's index among the ring's registered files. */
  static final int CHAR_DEVICE = 0;

  private final Queues queues;
  private final int queue;
  private final TagRange tags;
  private final boolean batchIo;
  private final QueueMemory memory;
  private final ThreadCounters<UblkCounter> counters = new ThreadCounters<>(UblkCounter.class);
  private final RequestWait wait;
  private final Bell bell;
  private final LateRequests late;
  private final Thread thread;
  private final CompletableFuture<Void> lent = new CompletableFuture<>();

  /** Where it runs, and is to run when it starts. */
  private volatile BitSet cpus;

  /** The kernel's number of the thread, once it runs. */
  private volatile int id;

  /** Whether the thread has been called to end; its own. */
  private boolean ending;

  /** Makes the thread; {@link #start} starts it, and {@link #giveBack} must come last. */
  QueueThread(
      Queues queues, int queue, TagRange tags, BitSet cpus, Polling polling, QueueMemory memory)
      throws LinuxException {
    this.queues = queues;
    this.queue = queue;
    this.tags = tags;
    this.batchIo = queues.info().features().contains(UblkFeature.BATCH_IO);
    this.cpus = cpus;
    this.memory = memory;
    this.wait = new RequestWait(counters, polling);
    this.bell = Bell.open();
    this.late = new LateRequests(tags.depth(), this::call);
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

  /** Calls the thread out of wherever it waits: to end, or for answers. Any thread may. */
  void call() {
    bell.ring();
    LockSupport.unpark(thread);
  }

  private void run() {
    try {
      id = Tasks.id();
      Tasks.setAffinity(cpus);
      try (BlockChannel channel = queues.device().openChannel(late)) {
        serve(channel);
      }
    } catch (Throwable t) {
      tell(t);
    } finally {
      queues.threadEnded();
    }
  }

  // What a late request uses stays until its answer, however this has ended; others are told first.
  private void serve(BlockChannel channel) {
    try {
      serve(new TagServer(queues.info(), memory, channel, late, counters, Queues.LOG));
    } catch (Throwable t) {
      tell(t);
    }
    late.awaitAll();
  }

  // Until the thread has started, whoever waits for that is told.
  private void tell(Throwable failure) {
    if (!lent.completeExceptionally(failure)) {
      queues.threadFailed(thread.getName(), failure);
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
      bell.listen(ring);
      commands.begin();
      serve(ring, server, commands);
    }
  }

  private QueueCommands commands(QueueRing ring, TagServer server) throws LinuxException {
    return batchIo
        ? new BatchCommands(queue, tags, memory, server, ring)
        : new TagCommands(queue, tags, memory, server, ring);
  }

  private void lend(QueueRing ring, QueueCommands commands) throws LinuxException {
    if (queues.haveOneThread()) {
      lend(ring, commands.lendAllButOne() + commands.lendLast());
      return;
    }
    queues.awaitOthers();
    lend(ring, commands.lendAllButOne());
    queues.awaitOthers();
    lend(ring, commands.lendLast());
  }

  private static void lend(QueueRing ring, int own) throws LinuxException {
    CompletionQueue completions = ring.completions();
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
    LateRequests.Answered<LinuxException> goOn =
        (tag, answer) -> commands.answer(tag, server.goOn(tag, answer));
    while (!commands.ended() && !ending) {
      boolean shrinkable = server.canShrinkBuffers() && ownsItsTags();
      wait.forRequests(ring, commands.commit(), shrinkable);
      if (take(ring, commands, goOn) == 0 && shrinkable) {
        server.shrinkBuffers(tags);
      }
    }
    if (queues.isFinishing()) {
      finish(ring, commands, goOn);
    }
  }

  /** Serves what has come; returns how many completions that were. */
  private int take(
      QueueRing ring, QueueCommands commands, LateRequests.Answered<LinuxException> goOn)
      throws LinuxException {
    CompletionQueue completions = ring.completions();
    int ready = completions.ready();
    for (int i = 0; i < ready; i++) {
      if (completions.userData(i) != Bell.RUNG) {
        commands.take(i);
      } else {
        Bell.requireRung(completions.result(i));
        bell.listen(ring);
        late.takeAll(goOn);
        ending = queues.isEnding();
      }
    }
    completions.advance(ready);
    return ready;
  }

  // What was on its way to this thread comes when it enters the kernel, all of it at once.
  private void finish(
      QueueRing ring, QueueCommands commands, LateRequests.Answered<LinuxException> goOn)
      throws LinuxException {
    ring.enter(commands.commit());
    take(ring, commands, goOn);
    while (late.any()) {
      ring.enter(commands.commit() + 1);
      take(ring, commands, goOn);
    }
    ring.enter(commands.commit());
  }

  // Else another thread may be serving a request in any of them.
  private boolean ownsItsTags() {
    return !batchIo || tags.step() == 1;
  }

  /** Changes how the thread waits. */
  void setPolling(Polling polling) {
    wait.setPolling(polling);
  }

  /** Moves the thread, which has lent its tags, to other CPUs; one that has ended stays gone. */
  void setAffinity(BitSet wanted) throws LinuxException {
    if (thread.isAlive()) {
      Tasks.setAffinity(id, wanted);
    }
    cpus = wanted;
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

  /** Gives back what other threads may use of this one. */
  void giveBack() {
    bell.close();
  }
}
