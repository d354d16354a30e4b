package io.zublk.daemon.transport;

import io.zublk.block.FailureListener;
import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.machine.DiskUse;
import io.zublk.daemon.machine.UblkDriver;
import io.zublk.ublk.UblkDevices;
import io.zublk.ublk.UblkException;
import io.zublk.ublk.UblkOptions;
import io.zublk.ublk.UblkServer;
import io.zublk.ublk.UblkState;
import io.zublk.uring.sys.Errnos;
import java.io.IOException;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** Makes ublk devices. The driver keeps those of dead processes, and all programs share its ids. */
final class UblkTransportFactory implements TransportFactory {

  /**
   * The kernel writes 32 pages at a time when it swaps (SWAP_CLUSTER_MAX), and a swap device's
   * buffers are all in memory: those of larger requests would cost 64 MiB a queue.
   */
  private static final int SWAP_IO_BYTES = 128 << 10;

  @Override
  public Optional<String> obstacle() {
    UblkDriver driver = UblkDriver.ofThisMachine();
    if (driver != UblkDriver.LOADED) {
      return Optional.of(
          driver == UblkDriver.NONE ? driver.what() : driver.what() + ": " + driver.todo());
    }
    try {
      UblkServer.check();
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(e.getMessage());
    }
  }

  @Override
  public void noticeLimits(DeviceConfig config, Consumer<String> notices) {}

  @Override
  public Set<Integer> takenIds() {
    try {
      return new HashSet<>(UblkDevices.ids());
    } catch (IOException e) {
      return Set.of(); // the driver itself says so when the device is added
    }
  }

  @Override
  public Transport start(Assignment assignment) throws IOException {
    try {
      UblkServer server =
          UblkServer.start(
              assignment.device(), options(assignment), telling(assignment.listener()));
      return new UblkTransport(server, assignment.settings());
    } catch (UblkException e) {
      if (e.errno() == Errnos.EEXIST) {
        throw new IdTakenException(assignment.config().id(), e);
      }
      throw e;
    }
  }

  /** Queues end without a failure, and unasked, if the driver's device is deleted. */
  private static FailureListener telling(FailureListener listener) {
    return (reason, cause) ->
        listener.failed(
            reason,
            cause instanceof UblkException e && e.errno() == Errnos.ENODEV
                ? new TakenAwayException(reason, e)
                : cause);
  }

  private static UblkOptions options(Assignment assignment) {
    DeviceConfig config = assignment.config();
    long identity = assignment.identity();
    assert identity != 0 : "who clears up would take the device for another program's";
    UblkOptions options = UblkOptions.defaults().withId(config.id()).withCookie(identity);
    if (config.swap()) {
      options = options.withMaxIoBytes(SWAP_IO_BYTES);
    }
    return assignment.settings().applyTo(options.withRecoverable(true));
  }

  /**
   * A device that the driver has lost, has stopped, or cannot have recovered any more is added
   * anew; those who had it open get errors.
   */
  @Override
  public Transport recover(Assignment assignment) throws IOException {
    DeviceConfig config = assignment.config();
    long identity = assignment.identity();
    try {
      if (isOwn(config, identity) && UblkDevices.info(config.id()).state() != UblkState.DEAD) {
        UblkServer server =
            UblkServer.recover(
                assignment.device(), options(assignment), telling(assignment.listener()));
        return new UblkTransport(server, assignment.settings());
      }
    } catch (UblkException e) {
      if (e.errno() != Errnos.ENODEV && e.errno() != Errnos.ENOTRECOVERABLE) {
        throw e;
      }
    }
    clearAfter(config, identity);
    return start(assignment);
  }

  /** Of the driver: a device of its own would come and go before everybody's eyes. */
  @Override
  public void rehearse(Assignment assignment) throws IOException {
    var _ = UblkDevices.info(assignment.config().id());
  }

  @Override
  public void abandon(DeviceConfig config, long identity) throws IOException {
    withOwn(config, identity, UblkDevices::stop);
  }

  @Override
  public Optional<String> useAfter(DeviceConfig config, long identity) throws IOException {
    if (!isOwn(config, identity)) {
      return Optional.empty();
    }
    String disk = "ublkb" + config.id();
    return new DiskUse(disk).use().map(use -> "/dev/" + disk + " is " + use);
  }

  @Override
  public void clearAfter(DeviceConfig config, long identity) throws IOException {
    withOwn(config, identity, UblkDevices::delete);
  }

  /** What is done to the driver's device of an id. */
  private interface Deed {
    void to(int id) throws IOException;
  }

  private void withOwn(DeviceConfig config, long identity, Deed deed) throws IOException {
    try {
      if (isOwn(config, identity)) {
        deed.to(config.id());
      }
    } catch (UblkException e) {
      if (e.errno() != Errnos.ENODEV) {
        throw e;
      }
    }
  }

  /** Without its identity a device is somebody else's, who took the id over. */
  private boolean isOwn(DeviceConfig config, long identity) throws IOException {
    return identity != 0
        && takenIds().contains(config.id())
        && UblkDevices.info(config.id()).cookie() == identity;
  }
}
