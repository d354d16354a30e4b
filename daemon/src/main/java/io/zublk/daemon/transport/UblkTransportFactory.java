package io.zublk.daemon.transport;

import io.zublk.block.BlockDevice;
import io.zublk.block.FailureListener;
import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.machine.DiskUse;
import io.zublk.daemon.machine.UblkDriver;
import io.zublk.daemon.settings.PerformanceSettings;
import io.zublk.ublk.UblkDevices;
import io.zublk.ublk.UblkException;
import io.zublk.ublk.UblkOptions;
import io.zublk.ublk.UblkServer;
import io.zublk.ublk.UblkState;
import io.zublk.uring.sys.Errnos;
import java.io.IOException;
import java.nio.file.Path;
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
  public Transport start(
      BlockDevice device,
      DeviceConfig config,
      long identity,
      PerformanceSettings settings,
      Path socket,
      FailureListener listener)
      throws IOException {
    try {
      UblkOptions options = options(config, identity, settings);
      return new UblkTransport(UblkServer.start(device, options, listener), settings);
    } catch (UblkException e) {
      if (e.errno() == Errnos.EEXIST) {
        throw new IdTakenException(config.id(), e);
      }
      throw e;
    }
  }

  private static UblkOptions options(
      DeviceConfig config, long identity, PerformanceSettings settings) {
    assert identity != 0 : "who clears up would take the device for another program's";
    UblkOptions options = UblkOptions.defaults().withId(config.id()).withCookie(identity);
    if (config.swap()) {
      options = options.withMaxIoBytes(SWAP_IO_BYTES);
    }
    return settings.applyTo(options.withRecoverable(true));
  }

  /**
   * A device that the driver has lost, has stopped, or cannot have recovered any more is added
   * anew; those who had it open get errors.
   */
  @Override
  public Transport recover(
      BlockDevice device,
      DeviceConfig config,
      long identity,
      PerformanceSettings settings,
      Path socket,
      FailureListener listener)
      throws IOException {
    try {
      if (isOwn(config, identity) && UblkDevices.info(config.id()).state() != UblkState.DEAD) {
        UblkOptions options = options(config, identity, settings);
        return new UblkTransport(UblkServer.recover(device, options, listener), settings);
      }
    } catch (UblkException e) {
      if (e.errno() != Errnos.ENODEV && e.errno() != Errnos.ENOTRECOVERABLE) {
        throw e;
      }
    }
    clearAfter(config, identity);
    return start(device, config, identity, settings, socket, listener);
  }

  /** Of the driver: a device of its own would come and go before everybody's eyes. */
  @Override
  public void rehearse(
      BlockDevice device, DeviceConfig config, PerformanceSettings settings, Path socket)
      throws IOException {
    var _ = UblkDevices.info(config.id());
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
