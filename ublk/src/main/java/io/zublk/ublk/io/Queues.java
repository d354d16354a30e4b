package io.zublk.ublk.io;

import io.zublk.block.BlockDevice;
import io.zublk.block.Polling;
import io.zublk.block.RateLimitedLog;
import io.zublk.ublk.UblkDeviceInfo;
import io.zublk.ublk.UblkException;
import io.zublk.ublk.UblkOptions;
import io.zublk.ublk.UblkStatistics;
import io.zublk.ublk.UblkThread;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The threads that serve a device, and what they need for it: the queues' memory and the character
 * device.
 *
 * <p>These live exactly as long as a thread may use them: the last thread that ends gives them
 * back, whatever it ended for. So a thread that fails takes the others and then the character
 * device with it, and that is what makes the driver fail the requests it has handed out
 * (ublk_ch_release in ublk_drv.c; before Linux 6.15 that the threads end with their rings); a
 * command that waits for them goes on.
 *
 * <p>Thread-safe once {@linkplain #start started}.
 */
public final class Queues implements AutoCloseable {

  static final RateLimitedLog LOG = new RateLimitedLog("io.zublk.ublk");

  private final UblkDeviceInfo info;
  private final BlockDevice device;
  private final LinuxFile charDevice;
  private final List<QueueMemory> memories = new ArrayList<>();
  private final List<QueueThread> threads = new ArrayList<>();
  private final CompletableFuture<Void> begin = new CompletableFuture<>();

  /** The threads that have tags to lend; each leaves it when it ends. */
  private final Phaser lenders = new Phaser();

  /** What the first thread threw that failed. */
  private final AtomicReference<Throwable> failure = new AtomicReference<>();

  /** Completed by the first thread that ends. */
  private final CompletableFuture<Void> ended = new CompletableFuture<>();

  /** Whether all threads shall end, served or not. */
  private volatile boolean ending;

  /** Whether they shall answer all they have before. */
  private volatile boolean finishing;

  private final AtomicInteger running = new AtomicInteger();
  private boolean givenBack;

  /**
   * Prepares to serve.
   *
   * @param charDevice the driver's end of the device, which this object closes from now on
   */
  public Queues(UblkDeviceInfo info, BlockDevice device, LinuxFile charDevice) {
    this.info = info;
    this.device = device;
    this.charDevice = charDevice;
  }

  /**
   * Adds the next queue.
   *
   * @param cpus the CPUs of each of its threads
   * @param numaNode where its buffers' memory comes from, or {@link UblkOptions#ANY_NODE}
   */
  public void add(List<BitSet> cpus, Polling polling, int numaNode) throws LinuxException {
    add(QueueMemory.map(info, memories.size(), charDevice, numaNode), cpus, polling);
  }

  /**
   * Adds the next queue.
   *
   * @param memory its memory, which this object frees from now on
   * @param cpus the CPUs of each of its threads
   */
  void add(QueueMemory memory, List<BitSet> cpus, Polling polling) throws LinuxException {
    int queue = memories.size();
    memories.add(memory);
    for (int index = 0; index < cpus.size(); index++) {
      TagRange tags = new TagRange(index, cpus.size(), info.depth());
      threads.add(new QueueThread(this, queue, tags, cpus.get(index), polling, memory));
    }
  }

  /**
   * Starts all threads. When this returns, the driver has been lent all tags.
   *
   * @throws UblkException a thread could not start
   */
  public void start() throws UblkException {
    running.set(threads.size());
    lenders.bulkRegister(threads.size());
    List<CompletableFuture<Void>> lent = new ArrayList<>();
    threads.forEach(thread -> lent.add(thread.start()));
    try {
      lent.forEach(CompletableFuture::join);
    } catch (CompletionException e) {
      throw new UblkException(
          "a queue of ublk device " + info.id() + " did not start: " + e.getCause().getMessage(),
          e.getCause());
    }
    begin.complete(null);
  }

  /** The device. */
  public UblkDeviceInfo info() {
    return info;
  }

  BlockDevice device() {
    return device;
  }

  LinuxFile charDevice() {
    return charDevice;
  }

  /** Whether all threads shall end, served or not. */
  boolean isEnding() {
    return ending;
  }

  /**
   * The driver brings nothing new: from now on threads that shall end answer all requests that they
   * have, late ones too.
   */
  public void finish() {
    finishing = true;
  }

  boolean isFinishing() {
    return finishing;
  }

  /** Whether a queue's tags can all be lent at once, as there is no other thread. */
  boolean haveOneThread() {
    return threads.size() == 1;
  }

  /**
   * Waits until all other threads have come to the same step of lending their tags, or have ended.
   *
   * <p>Who dies while he recovers a device must not have lent all tags of some queues only: drivers
   * before Linux 6.15 crash in the next attempt then (ublk_queue_reinit in ublk_drv.c); nor some
   * tags of any queue, whose process they never let go. What is left of these moments is one system
   * call of each thread.
   */
  void awaitOthers() {
    lenders.arriveAndAwaitAdvance();
  }

  /** Waits until all threads have lent their tags, or shall end. */
  void awaitBegin() {
    begin.join();
  }

  /** A thread that was serving has failed, and is about to end; so must all others. */
  void threadFailed(String name, Throwable cause) {
    failure.compareAndSet(null, cause);
    endThreads();
    String users =
        info.recoverable() ? "; the users of %s wait" : "; %s ends, its users get errors";
    // Without a trace: that is logged by whoever is told of the failure.
    LOG.warning("thread " + name + " failed" + users.formatted(info.blockPath()), cause);
    ended.complete(null);
  }

  /** A thread has ended, and uses nothing any more. */
  void threadEnded() {
    lenders.arriveAndDeregister();
    try {
      ended.complete(null);
    } finally {
      if (running.decrementAndGet() == 0) {
        giveBack();
      }
    }
  }

  /**
   * Runs something when the first thread ends or is about to, as the device is or is about to be
   * served no more: in that thread, which must be kept from nothing; in the calling one if it has
   * ended already.
   */
  public void whenEnded(Runnable action) {
    CompletableFuture<Void> _ = ended.thenRun(action);
  }

  /** What has failed; nothing if the device was stopped, or is still served. */
  public Optional<UblkException> failure() {
    return Optional.ofNullable(failure.get())
        .map(cause ->
            new UblkException("a queue of " + info.blockPath() + " failed: " + cause, cause));
  }

  /** How many bytes of memory the buffers of all tags hold now, about. */
  public long bufferBytes() {
    return memories.stream().mapToLong(QueueMemory::heldBytes).sum();
  }

  /** The threads, by queue. */
  public List<UblkThread> threads() {
    return threads.stream().map(QueueThread::description).toList();
  }

  /** Changes how the threads wait, from the next request of each on. */
  public void setPolling(Polling polling) {
    threads.forEach(thread -> thread.setPolling(polling));
  }

  /**
   * Moves the threads, as they are counted from the first of the first queue, to other CPUs.
   *
   * @param cpus those of each
   */
  public void setAffinity(List<BitSet> cpus) throws LinuxException {
    for (int i = 0; i < threads.size(); i++) {
      threads.get(i).setAffinity(cpus.get(i));
    }
  }

  /** The counts of each queue. */
  public List<UblkStatistics> statistics() {
    List<UblkStatistics> statistics = new ArrayList<>();
    int threadsPerQueue = threads.size() / memories.size();
    for (int first = 0; first < threads.size(); first += threadsPerQueue) {
      List<QueueThread> ofQueue = threads.subList(first, first + threadsPerQueue);
      statistics.add(UblkStatistics.sum(ofQueue.stream().map(QueueThread::statistics).toList()));
    }
    return statistics;
  }

  /** Ends all threads, whatever they are doing, and gives everything back. */
  @Override
  public void close() {
    begin.complete(null);
    endThreads();
    awaitThreads();
    giveBack(); // had none been started
  }

  /** Waits until all threads have ended. */
  void awaitThreads() {
    threads.forEach(QueueThread::awaitEnd);
  }

  private void endThreads() {
    ending = true;
    threads.forEach(QueueThread::call);
  }

  private synchronized void giveBack() {
    if (!givenBack) {
      givenBack = true;
      memories.forEach(QueueMemory::close);
      threads.forEach(QueueThread::giveBack);
      charDevice.close();
    }
  }
}
