package io.zublk.ublk;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.Threads;
import io.zublk.uring.CompletionQueue;
import io.zublk.uring.Ring;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Tasks;
import java.util.BitSet;
import java.util.concurrent.CompletableFuture;

/**
 * A thread that serves requests of one hardware queue, in copy mode: it takes a batch, has the
 * device serve each request, and hands all results back with one system call. Serving allocates
 * nothing.
 */
final class QueueThread {

  /** The character device's index among the ring's registered files. */
  static final int CHAR_DEVICE = 0;

  private final int queue;
  private final TagRange tags;
  private final boolean batchIo;
  private final int maxIoBytes;
  private final QueueMemory memory;
  private final LinuxFile charDevice;
  private final BlockDevice device;
  private final QueueCounters counters = new QueueCounters();
  private final RequestWait wait;
  private final BitSet cpus;
  private final Thread thread;
  private final CompletableFuture<Void> lent = new CompletableFuture<>();
  private CompletableFuture<Void> begin;
  private volatile Throwable failure;

  /** Makes the thread; {@link #start} starts it. */
  QueueThread(
      UblkDeviceInfo info,
      int queue,
      TagRange tags,
      BitSet cpus,
      Polling polling,
      QueueMemory memory,
      LinuxFile charDevice,
      BlockDevice device) {
    this.queue = queue;
    this.tags = tags;
    this.batchIo = info.features().contains(UblkFeature.BATCH_IO);
    this.maxIoBytes = info.maxIoBytes();
    this.cpus = cpus;
    this.memory = memory;
    this.charDevice = charDevice;
    this.device = device;
    this.wait = new RequestWait(counters, polling);
    String name = "ublk" + info.id() + "-q" + queue;
    this.thread =
        Thread.ofPlatform()
            .name(tags.step() == 1 ? name : name + "." + tags.first())
            .unstarted(this::run);
  }

  /**
   * Starts the thread, which lends the driver its tags.
   *
   * @param begin completed when all threads of the device have done so, or shall end
   * @return completed when this one has; exceptionally if it could not
   */
  CompletableFuture<Void> start(CompletableFuture<Void> begin) {
    this.begin = begin;
    thread.start();
    return lent;
  }

  private void run() {
    try {
      Tasks.setAffinity(cpus);
      try (BlockChannel channel = device.openChannel()) {
        TagServer server = new TagServer(maxIoBytes, memory, channel, counters);
        if (batchIo) {
          serveInBatches(server);
        } else {
          serveByTag(server);
        }
      }
    } catch (Throwable t) {
      if (!lent.completeExceptionally(t)) {
        failure = t;
      }
    }
  }

  private void serveByTag(TagServer server) throws LinuxException {
    try (Ring ring = Ring.open(TagCommands.ringFor(tags))) {
      serve(ring, server, new TagCommands(queue, tags, memory, server, ring));
    }
  }

  // The commands' memory is freed last: until the ring is closed the driver may write into it.
  private void serveInBatches(TagServer server) throws LinuxException {
    Ring ring = Ring.open(BatchCommands.ring());
    try {
      BatchCommands commands = new BatchCommands(queue, tags, memory, server, ring);
      try (commands;
          ring) {
        serve(ring, server, commands);
      }
    } finally {
      ring.close();
    }
  }

  private void serve(Ring ring, TagServer server, QueueCommands commands) throws LinuxException {
    ring.registerFiles(charDevice.fd());
    RingEntry kernel = new RingEntry(ring, counters);
    CompletionQueue completions = ring.completions();
    kernel.enter(commands.lend());
    // A tag that the driver does not take says so at once; starting would wait for it for ever.
    for (int i = 0; i < completions.ready(); i++) {
      if (completions.result(i) < 0) {
        throw new LinuxException("ublk tag", -completions.result(i));
      }
    }
    completions.advance(completions.ready());
    lent.complete(null);
    begin.join();
    commands.begin();
    serve(kernel, completions, server, commands);
  }

  /**
   * Serves requests until the driver has taken back what it was lent: the device was stopped.
   *
   * @throws LinuxException the driver refused a command, or the ring failed; what it was lent ends
   *     with the ring then, and the device with it
   */
  private void serve(
      KernelEntry kernel, CompletionQueue completions, TagServer server, QueueCommands commands)
      throws LinuxException {
    while (!commands.ended()) {
      boolean shrinkable = server.hasLargeBuffers() && ownsItsTags();
      wait.forRequests(kernel, commands.flush(), shrinkable);
      int ready = completions.ready();
      for (int i = 0; i < ready; i++) {
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

  /** What the thread counts. */
  QueueCounters counters() {
    return counters;
  }

  /** What a user may know of the thread. */
  UblkThread description() {
    return new UblkThread(thread.getName(), queue, cpus);
  }

  /** Why the thread ended before its time; null if it did not. */
  Throwable failure() {
    return failure;
  }

  /** Waits until the thread has ended. */
  void join() throws InterruptedException {
    thread.join();
  }

  /** As {@link #join}, whatever interrupts. */
  void awaitEnd() {
    Threads.join(thread);
  }
}
