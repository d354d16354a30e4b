package io.zublk.ublk;

import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Tasks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * A {@link BlockDevice} as a disk of this machine, from {@link #start} to {@link #close}, with one
 * pinned thread for each hardware queue.
 *
 * <p>Thread-safe. Must not be closed by a thread whose own I/O to the disk is in flight.
 */
public final class UblkServer implements AutoCloseable {

  // Where udev makes the nodes, they appear a little after the device.
  private static final long NODE_TIMEOUT_NANOS = 5_000_000_000L;
  private static final long NODE_POLL_MILLIS = 5;

  private final BlockDevice device;
  private final UblkControl control;
  private final UblkDeviceInfo info;
  private final List<QueueCounters> counters = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private LinuxFile charDevice;
  private boolean closed;
  private volatile Throwable failure;

  /**
   * Serves a device. When this returns, its disk can be opened; when it throws, nothing is left.
   *
   * @throws UblkException no driver, no permission, id taken, limits the driver does not accept
   */
  public static UblkServer start(BlockDevice device, UblkOptions options) throws IOException {
    UblkControl control = UblkControl.open();
    UblkServer server;
    try {
      server = new UblkServer(device, options, control);
    } catch (IOException | RuntimeException | Error e) {
      closeAfter(e, control);
      throw e;
    }
    try {
      server.bringUp(options);
      return server;
    } catch (IOException | RuntimeException | Error e) {
      closeAfter(e, server);
      throw e;
    }
  }

  private static void closeAfter(Throwable cause, AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      cause.addSuppressed(e);
    }
  }

  private UblkServer(BlockDevice device, UblkOptions options, UblkControl control)
      throws IOException {
    this.device = device;
    this.control = control;
    this.info = control.add(options, EnumSet.of(UblkFeature.CMD_IOCTL_ENCODE));
  }

  private void bringUp(UblkOptions options) throws IOException {
    Geometry geometry = device.geometry();
    control.setParameters(
        info.id(),
        new UblkParameters(
            geometry.sizeBytes(),
            geometry.blockBytes(),
            info.maxIoBytes(),
            options.volatileCache()));
    charDevice = openCharDevice();
    startQueues(options);
    control.start(info.id(), ProcessHandle.current().pid());
    awaitNode(info.blockPath());
  }

  private LinuxFile openCharDevice() throws IOException {
    awaitNode(info.charPath());
    return LinuxFile.open(info.charPath(), LinuxFile.O_RDWR, 0);
  }

  private static void awaitNode(Path node) throws IOException {
    long start = System.nanoTime();
    while (!Files.exists(node)) {
      if (System.nanoTime() - start > NODE_TIMEOUT_NANOS) {
        throw new UblkException(node + " did not appear; is /dev a devtmpfs?", Errnos.ENOENT);
      }
      try {
        Thread.sleep(NODE_POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new UblkException("interrupted while waiting for " + node, e);
      }
    }
  }

  private void startQueues(UblkOptions options) throws IOException {
    List<CompletableFuture<Void>> ready = new ArrayList<>();
    BitSet allowed = Tasks.affinity();
    for (int queue = 0; queue < info.queues(); queue++) {
      int number = queue;
      BitSet cpus = cpusOf(queue, options, allowed);
      QueueCounters queueCounters = new QueueCounters();
      counters.add(queueCounters);
      CompletableFuture<Void> fetched = new CompletableFuture<>();
      ready.add(fetched);
      threads.add(
          Thread.ofPlatform()
              .name("ublk" + info.id() + "-q" + queue)
              .start(() -> runQueue(number, cpus, queueCounters, fetched)));
    }
    try {
      ready.forEach(CompletableFuture::join);
    } catch (CompletionException e) {
      throw new UblkException(
          "a queue of ublk device " + info.id() + " did not start: " + e.getCause().getMessage(),
          e.getCause());
    }
  }

  private BitSet cpusOf(int queue, UblkOptions options, BitSet allowed) throws IOException {
    if (!options.affinity().isEmpty()) {
      return options.affinity().get(queue % options.affinity().size());
    }
    BitSet cpus = control.queueAffinity(info.id(), queue);
    cpus.and(allowed);
    // A process confined to other CPUs than the queue's stays where it was put.
    return cpus.isEmpty() ? allowed : cpus;
  }

  private void runQueue(
      int queue, BitSet cpus, QueueCounters queueCounters, CompletableFuture<Void> fetched) {
    try {
      Tasks.setAffinity(cpus);
      try (UblkQueue opened = UblkQueue.open(info, queue, charDevice, device, queueCounters)) {
        fetched.complete(null);
        opened.serve();
      }
    } catch (Throwable t) {
      if (!fetched.completeExceptionally(t)) {
        failure = t;
      }
    }
  }

  /** The disk, such as /dev/ublkb0. */
  public Path path() {
    return info.blockPath();
  }

  /** The device as the driver granted it. */
  public UblkDeviceInfo info() {
    return info;
  }

  /** The counts of all queues. */
  public UblkStatistics statistics() {
    return UblkStatistics.sum(counters);
  }

  /** The counts of each queue. */
  public List<UblkStatistics> queueStatistics() {
    return counters.stream().map(queue -> UblkStatistics.sum(List.of(queue))).toList();
  }

  /** Waits until the disk is served no more, because of {@link #close} or of anybody else. */
  public void await() throws InterruptedException {
    for (Thread thread : threads) {
      thread.join();
    }
  }

  /**
   * Stops and deletes the device. Requests in flight are served first; users who have the disk open
   * get errors from then on. Closing twice has no effect.
   */
  @Override
  public synchronized void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    IOException problem = null;
    try {
      ignoringAbsence(() -> control.stop(info.id()));
      joinUninterruptibly();
    } catch (IOException e) {
      problem = e;
    }
    if (charDevice != null) {
      charDevice.close();
    }
    try (control) {
      ignoringAbsence(() -> control.delete(info.id()));
    } catch (IOException e) {
      problem = problem == null ? e : problem;
    }
    if (problem == null && failure != null) {
      problem = new UblkException("a queue of " + path() + " failed: " + failure, failure);
    }
    if (problem != null) {
      throw problem;
    }
  }

  private interface Command {
    void run() throws IOException;
  }

  // Somebody else may delete our device at any time; what matters is that it is gone.
  private static void ignoringAbsence(Command command) throws IOException {
    try {
      command.run();
    } catch (UblkException e) {
      if (e.errno() != Errnos.ENODEV) {
        throw e;
      }
    }
  }

  private void joinUninterruptibly() {
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
