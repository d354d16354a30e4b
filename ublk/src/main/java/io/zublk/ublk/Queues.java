package io.zublk.ublk;

import io.zublk.block.BlockDevice;
import io.zublk.uring.Signal;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that serve a device, and what they need for it: the queues' memory and the character
 * device.
 *
 * <p>These live exactly as long as a thread may use them: the last thread that ends gives them
 * back, whatever it ended for. So a thread that fails takes the others and then the character
 * device with it, and that is what makes the driver fail the requests it has handed out
 * (ublk_ch_release in ublk_drv.c); a command that waits for them goes on.
 *
 * <p>Thread-safe once {@linkplain #start started}.
 */
final class Queues implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger("io.zublk.ublk");

  private final UblkDeviceInfo info;
  private final BlockDevice device;
  private final LinuxFile charDevice;
  private final Signal quit;
  private final FaultLog faults;
  private final List<QueueMemory> memories = new ArrayList<>();
  private final List<QueueThread> threads = new ArrayList<>();
  private final CompletableFuture<Void> begin = new CompletableFuture<>();

  /** Completed by the first thread that ends. */
  private final CompletableFuture<Void> ended = new CompletableFuture<>();

  private final AtomicInteger running = new AtomicInteger();
  private boolean released;

  /**
   * Prepares to serve.
   *
   * @param charDevice the driver's end of the device, which this object closes from now on
   */
  Queues(UblkDeviceInfo info, BlockDevice device, LinuxFile charDevice) throws LinuxException {
    this.info = info;
    this.device = device;
    this.charDevice = charDevice;
    this.faults = new FaultLog(info.blockPath().toString());
    try {
      this.quit = Signal.open();
    } catch (LinuxException e) {
      charDevice.close();
      throw e;
    }
  }

  /**
   * Adds the next queue.
   *
   * @param memory its memory, which this object frees from now on
   * @param cpus the CPUs of each of its threads
   */
  void add(QueueMemory memory, List<BitSet> cpus, Polling polling) {
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
  void start() throws UblkException {
    running.set(threads.size());
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

  UblkDeviceInfo info() {
    return info;
  }

  BlockDevice device() {
    return device;
  }

  LinuxFile charDevice() {
    return charDevice;
  }

  /** Where what the device throws is told. */
  FaultLog faults() {
    return faults;
  }

  /** Raised when all threads shall end, served or not. */
  Signal quit() {
    return quit;
  }

  /** Waits until all threads have lent their tags, or shall end. */
  void awaitBegin() {
    begin.join();
  }

  /**
   * A thread has ended, and uses nothing any more.
   *
   * @param failure why, if it was not because the device was stopped; else null
   */
  void threadEnded(String name, Throwable failure) {
    try {
      if (failure == null) {
        ended.complete(null);
      } else {
        ended.completeExceptionally(failure);
        raiseQuit();
        LOG.log(
            System.Logger.Level.ERROR,
            "thread " + name + " failed; " + info.blockPath() + " ends, its users get errors",
            failure);
      }
    } finally {
      if (running.decrementAndGet() == 0) {
        release();
      }
    }
  }

  /**
   * Waits until the first thread has ended: then the device is, or is about to be, served no more.
   *
   * @throws UblkException if it failed
   */
  void awaitEnd() throws InterruptedException, UblkException {
    try {
      ended.get();
    } catch (ExecutionException e) {
      throw failure(e.getCause());
    }
  }

  /** Whether a thread has failed. */
  boolean failed() {
    return ended.isCompletedExceptionally();
  }

  /** Says why, if a thread has failed. */
  void throwIfFailed() throws UblkException {
    if (failed()) {
      throw failure(ended.exceptionNow());
    }
  }

  private UblkException failure(Throwable cause) {
    return new UblkException("a queue of " + info.blockPath() + " failed: " + cause, cause);
  }

  List<QueueMemory> memories() {
    return memories;
  }

  /** All threads, by queue. */
  List<QueueThread> threads() {
    return threads;
  }

  /** Ends all threads, whatever they are doing, and gives everything back. */
  @Override
  public void close() {
    begin.complete(null);
    raiseQuit();
    threads.forEach(QueueThread::awaitEnd);
    release(); // had none been started
  }

  private synchronized void raiseQuit() {
    if (!released) {
      quit.raise();
    }
  }

  private synchronized void release() {
    if (!released) {
      released = true;
      memories.forEach(QueueMemory::close);
      charDevice.close();
      quit.close();
    }
  }
}
