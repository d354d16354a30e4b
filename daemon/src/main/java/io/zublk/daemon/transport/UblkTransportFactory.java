package io.zublk.daemon.transport;

import io.zublk.block.BlockDevice;
import io.zublk.block.FailureListener;
import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.machine.UblkDriver;
import io.zublk.daemon.settings.PerformanceSettings;
import io.zublk.ublk.UblkDevices;
import io.zublk.ublk.UblkException;
import io.zublk.ublk.UblkOptions;
import io.zublk.ublk.UblkServer;
import io.zublk.uring.sys.Errnos;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/** Makes ublk devices. The driver keeps those of dead processes, and all programs share its ids. */
final class UblkTransportFactory implements TransportFactory {

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

  /** No other program's device has this mark, but by a chance of 2^-63. */
  @Override
  public long newCookie() {
    return ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
  }

  @Override
  public Transport start(
      BlockDevice device,
      DeviceConfig config,
      long cookie,
      PerformanceSettings settings,
      Path socket,
      FailureListener listener)
      throws IOException {
    assert cookie != 0 : "who clears up would take the device for another program's";
    UblkOptions options = UblkOptions.defaults().withId(config.id()).withCookie(cookie);
    try {
      UblkServer server = UblkServer.start(device, settings.applyTo(options), listener);
      return new UblkTransport(server, settings);
    } catch (UblkException e) {
      if (e.errno() == Errnos.EEXIST) {
        throw new IdTakenException(config.id(), e);
      }
      throw e;
    }
  }

  @Override
  public Transport recover(
      BlockDevice device,
      DeviceConfig config,
      long cookie,
      PerformanceSettings settings,
      Path socket,
      FailureListener listener)
      throws IOException {
    throw new UnsupportedOperationException("not yet");
  }

  @Override
  public void abandon(DeviceConfig config, long cookie) throws IOException {}

  /** Without its cookie a device is somebody else's, who took the id over. */
  @Override
  public void clearAfter(DeviceConfig config, long cookie) throws IOException {
    int id = config.id();
    if (cookie == 0 || !takenIds().contains(id)) {
      return;
    }
    try {
      if (UblkDevices.info(id).cookie() == cookie) {
        UblkDevices.delete(id);
      }
    } catch (UblkException e) {
      if (e.errno() != Errnos.ENODEV) {
        throw e;
      }
    }
  }
}
