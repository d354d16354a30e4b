package io.zublk.ublk.control;

import io.zublk.block.Geometry;
import io.zublk.ublk.UblkDeviceInfo;
import io.zublk.ublk.UblkException;
import io.zublk.ublk.UblkFeature;
import io.zublk.ublk.UblkOptions;
import io.zublk.ublk.UblkState;
import io.zublk.uring.sys.Errnos;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * The device is one whose server is gone; its users have waited. Its queues and limits are as they
 * were.
 */
public final class RecoverDevice implements Arrival {

  /**
   * How long the driver may take to see that a server is gone. Before Linux 6.15 it needs a timeout
   * of the block layer, 30 s, if the server had all requests of a queue (ublk_timeout in
   * ublk_drv.c); twice that.
   */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** How long a server that was killed, or hands over, may look as if it went on. */
  private static final long LIVING_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final UblkControl control;
  private final UblkOptions options;
  private final Geometry geometry;
  private boolean revived;

  /** Whether the server died when it had changed the size, and not yet told the driver. */
  private boolean resized;

  /**
   * Prepares to recover a device.
   *
   * @param options with the device's id and cookie
   * @param geometry of the disk that it was; its size may have changed since, if the driver can
   *     change that of a disk
   */
  public RecoverDevice(UblkControl control, UblkOptions options, Geometry geometry) {
    this.control = control;
    this.options = options;
    this.geometry = geometry;
  }

  @Override
  public UblkDeviceInfo obtain() throws IOException {
    long start = System.nanoTime();
    while (true) {
      UblkDeviceInfo device = device();
      UblkParameters parameters = control.parameters(device.id());
      resized = parameters.sizeBytes() != geometry.sizeBytes();
      boolean mayResize = resized && control.features().contains(UblkFeature.UPDATE_SIZE);
      requireSame(device, parameters, mayResize);
      int result = control.startRecovery(device.id());
      if (result == 0) {
        return device;
      }
      boolean canPass = result == -Errnos.EBUSY || (result == -Errnos.EINVAL && mayRevive(device));
      if (!canPass) {
        throw refusal(device, result);
      }
      requirePatience(device, result, System.nanoTime() - start);
      pause();
    }
  }

  /** Once is enough, if it helps. */
  private boolean mayRevive(UblkDeviceInfo device) throws IOException {
    if (revived) {
      return false;
    }
    revived = Revival.of(device);
    return true;
  }

  private UblkDeviceInfo device() throws IOException {
    try {
      return control.info(options.id());
    } catch (UblkException e) {
      if (e.errno() == Errnos.ENODEV) {
        throw new UblkException(
            "there is no ublk device " + options.id() + " to recover", Errnos.ENODEV);
      }
      throw e;
    }
  }

  /** Makes sure that a device is the one that this server's was, and outlives servers. */
  void requireSame(UblkDeviceInfo device, UblkParameters parameters, boolean mayResize)
      throws UblkException {
    String name = "ublk device " + device.id();
    if (device.cookie() != options.cookie()) {
      throw new UblkException(name + " is another one: its identity is not ours", Errnos.EEXIST);
    }
    if (!device.recoverable()) {
      throw new UblkException(name + " was not made to be recovered", Errnos.EINVAL);
    }
    if (device.state() == UblkState.DEAD) {
      throw new UblkException(
          name + " was stopped: its users have had errors; it can be deleted, and added anew",
          Errnos.EINVAL);
    }
    if ((parameters.sizeBytes() != geometry.sizeBytes() && !mayResize)
        || parameters.blockBytes() != geometry.blockBytes()) {
      throw new UblkException(
          "%s has %d bytes in blocks of %d, what it is to be served from %d in blocks of %d"
              .formatted(
                  name,
                  parameters.sizeBytes(),
                  parameters.blockBytes(),
                  geometry.sizeBytes(),
                  geometry.blockBytes()),
          Errnos.EINVAL);
    }
  }

  // What a revival does not help: some tags of a queue are lent, or some other process looks at it.
  private static UblkException refusal(UblkDeviceInfo device, int result) {
    return result == -Errnos.EINVAL
        ? new UblkException(
            "ublk device %d cannot be recovered: an attempt was cut off in the middle of lending"
                    .formatted(device.id())
                + " tags, which drivers before Linux 6.15 do not survive; its users get errors when"
                + " it is stopped or deleted",
            Errnos.ENOTRECOVERABLE)
        : UblkControl.failure("recover ublk device " + device.id(), result);
  }

  private static void requirePatience(UblkDeviceInfo device, int result, long nanos)
      throws UblkException {
    boolean lives =
        device.state() == UblkState.LIVE && ProcessHandle.of(device.serverPid()).isPresent();
    if (lives && nanos > LIVING_NANOS) {
      throw new UblkException(
          "ublk device %d is served by process %d".formatted(device.id(), device.serverPid()),
          Errnos.EBUSY);
    }
    if (nanos <= PATIENCE_NANOS) {
      return;
    }
    if (result == -Errnos.EINVAL) {
      throw refusal(device, result);
    }
    throw new UblkException(
        "somebody has kept ublk device %d open for %d s: the process that served it, or one that"
                .formatted(device.id(), TimeUnit.NANOSECONDS.toSeconds(nanos))
            + " recovers it",
        Errnos.EBUSY);
  }

  private static void pause() throws UblkException {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UblkException("interrupted while recovering", e);
    }
  }

  @Override
  public void bringRequests(UblkDeviceInfo device) throws IOException {
    if (resized) {
      control.updateSize(device.id(), geometry.sizeBytes());
    }
    control.endRecovery(device.id(), ProcessHandle.current().pid());
  }
}
