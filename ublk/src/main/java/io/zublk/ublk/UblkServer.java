package io.zublk.ublk;

import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.ublk.control.EndCommands;
import io.zublk.ublk.control.UblkControl;
import io.zublk.ublk.control.UblkParameters;
import io.zublk.ublk.io.Queues;
import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Numa;
import io.zublk.uring.sys.Tasks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * A {@link BlockDevice} as a disk of this machine, from {@link #start} to {@link #close}, with one
 * or more pinned threads for each hardware queue.
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
  private final int threadsPerQueue;

  /** Null until the character device is open. */
  private Queues queues;

  private boolean closed;

  /**
   * Finds out whether disks can be served here.
   *
   * @throws UblkException why not, and what to do: no driver, no permission, one that is too old
   */
  public static void check() throws IOException {
    try (UblkControl control = UblkControl.open()) {
      control.requireUsable();
    }
  }

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
    this.threadsPerQueue = options.threadsPerQueue();
    this.info = control.add(options);
  }

  private void bringUp(UblkOptions options) throws IOException {
    requireThreads();
    Geometry geometry = device.geometry();
    control.setParameters(
        info.id(),
        new UblkParameters(
            geometry.sizeBytes(),
            geometry.blockBytes(),
            info.maxIoBytes(),
            options.volatileCache()));
    queues = new Queues(info, device, openCharDevice());
    addQueues(options);
    queues.start();
    startDisk();
  }

  // The driver looks for partitions meanwhile: a queue that fails then says more than the driver.
  private void startDisk() throws IOException {
    try {
      control.start(info.id(), ProcessHandle.current().pid());
    } catch (IOException e) {
      queues.throwIfFailed();
      throw e;
    }
    queues.throwIfFailed();
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

  // A driver without either feature takes all tags of a queue from one thread only.
  private void requireThreads() throws UblkException {
    if (threadsPerQueue > 1 && !info.features().contains(UblkFeature.PER_IO_DAEMON) && !batchIo()) {
      throw new UblkException(
          "this kernel's ublk driver allows one thread per queue, not "
              + threadsPerQueue
              + "; several need Linux 6.16",
          Errnos.EOPNOTSUPP);
    }
  }

  private void addQueues(UblkOptions options) throws IOException {
    BitSet allowed = Tasks.affinity();
    for (int queue = 0; queue < info.queues(); queue++) {
      List<BitSet> cpus = new ArrayList<>();
      for (int index = 0; index < threadsPerQueue; index++) {
        cpus.add(cpusOf(queue, queue * threadsPerQueue + index, options, allowed));
      }
      queues.add(cpus, options.polling(), options.numaNode());
    }
  }

  // A process confined to other CPUs than the queue's, or than the node's, stays where it was put.
  private BitSet cpusOf(int queue, int thread, UblkOptions options, BitSet allowed)
      throws IOException {
    if (!options.affinity().isEmpty()) {
      return options.affinity().get(thread % options.affinity().size());
    }
    BitSet near = allowed;
    if (options.numaNode() != UblkOptions.ANY_NODE) {
      near = commonOr(Numa.cpus(options.numaNode()), allowed);
    }
    return commonOr(control.queueAffinity(info.id(), queue), near);
  }

  private static BitSet commonOr(BitSet wanted, BitSet allowed) {
    wanted.and(allowed);
    return wanted.isEmpty() ? allowed : wanted;
  }

  /** The disk, such as /dev/ublkb0. */
  public Path path() {
    return info.blockPath();
  }

  /** The device as the driver granted it. */
  public UblkDeviceInfo info() {
    return info;
  }

  /**
   * Whether requests travel by BATCH_IO; else each has commands of its own. False though asked for
   * where the driver does not grant it.
   */
  public boolean batchIo() {
    return info.features().contains(UblkFeature.BATCH_IO);
  }

  /** The threads that serve the disk, by queue. */
  public List<UblkThread> threads() {
    return queues.threads();
  }

  /** How many bytes of memory the buffers of all tags hold now, about. */
  public long bufferBytes() {
    return queues.bufferBytes();
  }

  /** Changes how the threads wait, from the next request of each on. */
  public void setPolling(Polling polling) {
    queues.setPolling(polling);
  }

  /** The counts of all queues. */
  public UblkStatistics statistics() {
    return UblkStatistics.sum(queues.statistics());
  }

  /** The counts of each queue. */
  public List<UblkStatistics> queueStatistics() {
    return queues.statistics();
  }

  /**
   * Waits until the disk is served no more, because of {@link #close} or of anybody else.
   *
   * @throws UblkException a thread that serves it has failed: what is in flight, and all that comes
   *     later, gets errors; close this
   */
  public void await() throws InterruptedException, UblkException {
    queues.awaitEnd();
  }

  /**
   * Stops and deletes the device. Requests in flight are served first, unless a thread that should
   * do so has failed; users who have the disk open get errors from then on. Closing twice has no
   * effect.
   */
  @Override
  public synchronized void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try (control) {
      if (queues == null) {
        ignoringAbsence(() -> control.delete(info.id()));
      } else {
        end(control, queues);
      }
    }
  }

  /** Ends a device in an order in which nobody waits for who is gone, whatever fails on the way. */
  static void end(EndCommands control, Queues queues) throws IOException {
    int id = queues.info().id();
    try (queues) {
      // Stopping waits for the requests of all threads; those of one that has failed end when the
      // queues are closed.
      if (!queues.failed()) {
        ignoringAbsence(() -> control.stop(id));
      }
    } finally {
      ignoringAbsence(() -> control.delete(id));
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
}
