package io.zublk.ublk;

import io.zublk.block.BlockDevice;
import io.zublk.block.FailureListener;
import io.zublk.block.Polling;
import io.zublk.ublk.control.AddDevice;
import io.zublk.ublk.control.Arrival;
import io.zublk.ublk.control.DeleteDevice;
import io.zublk.ublk.control.Departure;
import io.zublk.ublk.control.LeaveDevice;
import io.zublk.ublk.control.RecoverDevice;
import io.zublk.ublk.control.UblkControl;
import io.zublk.ublk.io.Queues;
import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Numa;
import io.zublk.uring.sys.Tasks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
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
  private final UblkOptions options;
  private final FailureListener listener;
  private final UblkControl control;

  /** Null until the driver has granted the device. */
  private UblkDeviceInfo info;

  /** Null until the character device is open. */
  private Queues queues;

  private volatile boolean closed;

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
   * Serves a new device. When this returns, its disk can be opened; when it throws, nothing is
   * left.
   *
   * @param listener is told if the disk is served no more though nobody closed this: a thread that
   *     serves it has failed, so that what is in flight, and all that comes later, gets errors; or
   *     another program has deleted the device. Then close this
   * @throws UblkException no driver, no permission, id taken, limits the driver does not accept
   */
  public static UblkServer start(BlockDevice device, UblkOptions options, FailureListener listener)
      throws IOException {
    UblkControl control = UblkControl.open();
    return new UblkServer(device, options, listener, control)
        .arrived(new AddDevice(control, options, device.geometry()), new DeleteDevice(control));
  }

  /**
   * Serves a {@linkplain UblkOptions#recoverable recoverable} device whose server has died or
   * handed it over. Its users have waited, and notice nothing but that. If its server goes on, or
   * does not let go of it, waits for that, a minute at most.
   *
   * <p>When this throws, the device is as before, and another attempt may succeed.
   *
   * @param device of the size that the disk has, or is to have where the driver {@linkplain
   *     #canResize can change} that
   * @param options with the device's id and cookie. Queues, depth, the largest request and the
   *     cache are those that the device has had from its start, whatever is asked for here
   * @param listener as for {@link #start}
   * @throws UblkException there is no such device, or one of another identity or size; it is not
   *     recoverable, or was stopped; another process serves it. With errno ENOTRECOVERABLE if a
   *     driver before Linux 6.15 did not survive an attempt that was cut off in the middle of
   *     lending tags: the device can only be deleted then
   */
  public static UblkServer recover(
      BlockDevice device, UblkOptions options, FailureListener listener) throws IOException {
    UblkControl control = UblkControl.open();
    return new UblkServer(device, options, listener, control)
        .arrived(new RecoverDevice(control, options, device.geometry()), new LeaveDevice(control));
  }

  private UblkServer(
      BlockDevice device, UblkOptions options, FailureListener listener, UblkControl control) {
    this.device = device;
    this.options = options;
    this.listener = listener;
    this.control = control;
  }

  private UblkServer arrived(Arrival arrival, Departure ifNot) throws IOException {
    try {
      bringUp(arrival);
      return this;
    } catch (IOException | RuntimeException | Error e) {
      try {
        end(ifNot);
      } catch (IOException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
  }

  private void bringUp(Arrival arrival) throws IOException {
    info = arrival.obtain();
    requireThreads();
    queues = new Queues(info, device, openCharDevice());
    addQueues();
    queues.start();
    bringRequests(arrival);
    awaitNode(info.blockPath());
    queues.whenEnded(this::tellEnd);
  }

  // The driver looks for partitions meanwhile: a queue that fails then says more than the driver.
  private void bringRequests(Arrival arrival) throws IOException {
    try {
      arrival.bringRequests(info);
    } catch (IOException e) {
      throwIfFailed();
      throw e;
    }
    throwIfFailed();
  }

  private void throwIfFailed() throws UblkException {
    if (queues.failure().isPresent()) {
      throw queues.failure().get();
    }
  }

  private void tellEnd() {
    if (!closed) {
      UblkException why =
          queues
              .failure()
              .orElseGet(() ->
                  new UblkException("another program deleted its ublk device", Errnos.ENODEV));
      listener.failed(why.getMessage(), why);
    }
  }

  private LinuxFile openCharDevice() throws IOException {
    awaitNode(info.charPath());
    try {
      return LinuxFile.open(info.charPath(), LinuxFile.O_RDWR, 0);
    } catch (LinuxException e) {
      if (e.errno() == Errnos.EBUSY) {
        throw new UblkException(
            "another process serves ublk device " + info.id() + ", or is about to", e.errno());
      }
      throw e;
    }
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
    if (options.threadsPerQueue() > 1
        && !info.features().contains(UblkFeature.PER_IO_DAEMON)
        && !batchIo()) {
      throw new UblkException(
          "this kernel's ublk driver allows one thread per queue, not "
              + options.threadsPerQueue()
              + "; several need Linux 6.16",
          Errnos.EOPNOTSUPP);
    }
  }

  private void addQueues() throws IOException {
    for (int queue = 0; queue < info.queues(); queue++) {
      List<BitSet> cpus = cpusOf(queue, options.affinity(), control);
      queues.add(cpus, options.polling(), options.numaNode());
    }
  }

  private List<BitSet> cpusOf(int queue, List<BitSet> affinity, UblkControl asked)
      throws IOException {
    int threads = options.threadsPerQueue();
    if (affinity.isEmpty()) {
      return Collections.nCopies(threads, usual(queue, asked));
    }
    List<BitSet> cpus = new ArrayList<>();
    for (int index = 0; index < threads; index++) {
      cpus.add(affinity.get((queue * threads + index) % affinity.size()));
    }
    return cpus;
  }

  // A process confined to other CPUs than the queue's, or than the node's, stays where it was put.
  private BitSet usual(int queue, UblkControl asked) throws IOException {
    BitSet allowed = Tasks.affinity();
    BitSet near = allowed;
    if (options.numaNode() != UblkOptions.ANY_NODE) {
      near = commonOr(Numa.cpus(options.numaNode()), allowed);
    }
    return commonOr(asked.queueAffinity(info.id(), queue), near);
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

  /**
   * Moves the threads to other CPUs, at once.
   *
   * @param affinity as {@link UblkOptions#affinity}; where that leaves it to the kernel, the
   *     calling thread's CPUs are those that may be used
   * @throws IOException if there are no such CPUs; then some may have moved
   */
  public void setAffinity(List<BitSet> affinity) throws IOException {
    List<BitSet> cpus = new ArrayList<>();
    try (UblkControl own = UblkControl.open()) {
      for (int queue = 0; queue < info.queues(); queue++) {
        cpus.addAll(cpusOf(queue, affinity, own));
      }
    }
    queues.setAffinity(cpus);
  }

  /** Whether this machine's driver can change the size of a disk: that of Linux 6.16 and later. */
  public static boolean canResize() throws IOException {
    try (UblkControl control = UblkControl.open()) {
      return control.features().contains(UblkFeature.UPDATE_SIZE);
    }
  }

  /**
   * Tells the disk's users that it has the size which the device has now. Requests that the driver
   * takes from then on lie inside it.
   *
   * @throws UblkException if the driver {@linkplain #canResize cannot}, or the disk is gone
   */
  public void resized() throws IOException {
    try (UblkControl own = UblkControl.open()) {
      own.updateSize(info.id(), device.geometry().sizeBytes());
    }
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
   * Stops and deletes the device. Requests in flight are served first, and what users have left in
   * the kernel's cache is written, unless a thread that should do so has failed; users who have the
   * disk open get errors from then on. Closing twice has no effect.
   */
  @Override
  public void close() throws IOException {
    end(new DeleteDevice(control));
  }

  /**
   * Ends this server, and leaves the device to the next one: its users wait until that {@linkplain
   * #recover recovers} it. Requests in flight are served first if the driver can hold others back
   * (6.16); else they may be served again by the next server. In place of {@link #close}, which has
   * no effect after it; does the same if the device is not recoverable.
   */
  public void handOver() throws IOException {
    end(new LeaveDevice(control));
  }

  private synchronized void end(Departure departure) throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try (control) {
      if (queues != null) {
        end(queues, departure);
      } else if (info != null) {
        departure.whenGivenBack(info);
      }
    }
  }

  /** Ends a device in an order in which nobody waits for who is gone, whatever fails on the way. */
  static void end(Queues queues, Departure departure) throws IOException {
    try (queues) {
      // Stopping waits for the requests of all threads; those of one that has failed end when the
      // queues are closed.
      if (queues.failure().isEmpty() && departure.whileServed(queues.info())) {
        queues.finish();
      }
    } finally {
      departure.whenGivenBack(queues.info());
    }
  }
}
