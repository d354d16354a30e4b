package io.zublk.daemon.transport;

import io.zublk.block.BlockDevice;
import io.zublk.block.FailureListener;
import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.TransportKind;
import io.zublk.daemon.UserException;
import io.zublk.daemon.machine.KernelVersion;
import io.zublk.daemon.settings.PerformanceSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** Knows the transports: which can be had here, which ids they have given out, how they start. */
public class Transports {

  /**
   * Settles {@link TransportKind#AUTO}, and says so.
   *
   * @param notices takes what the user should know, a line at a time
   * @throws UserException if the transport that was asked for cannot be had
   */
  public DeviceConfig resolve(DeviceConfig config, Consumer<String> notices) {
    return switch (config.transport()) {
      case NBD -> nbd(config, notices);
      case UBLK -> {
        Optional<String> obstacle = UblkTransport.obstacle();
        if (obstacle.isPresent()) {
          throw new UserException(
              "ublk cannot be had: " + obstacle.get() + "; --transport nbd needs no driver");
        }
        yield config;
      }
      case AUTO -> resolveAuto(config, notices);
    };
  }

  private static DeviceConfig resolveAuto(DeviceConfig config, Consumer<String> notices) {
    if (!config.nbd().names().isEmpty()) {
      return nbd(config, notices);
    }
    Optional<String> obstacle =
        UblkTransport.obstacle().or(() -> KernelVersion.running().ublkCrash());
    if (obstacle.isEmpty()) {
      notices.accept("transport: ublk");
      return config.withTransport(TransportKind.UBLK);
    }
    List<String> ublkOptions = config.performance().ublkOptions();
    if (!ublkOptions.isEmpty()) {
      throw new UserException(
          "%s: needs ublk, which cannot be had: %s"
              .formatted(String.join(", ", ublkOptions), obstacle.get()));
    }
    notices.accept("transport: nbd, because ublk cannot be had: " + obstacle.get());
    return nbd(config, notices);
  }

  private static DeviceConfig nbd(DeviceConfig config, Consumer<String> notices) {
    DeviceConfig settled = config.withTransport(TransportKind.NBD);
    if (config.performance().polls()) {
      notices.accept(
          "--%s: without its polling, because NBD has no queues to poll"
              .formatted(config.performance().preset().word()));
    }
    return settled;
  }

  /** The ids that are taken outside of any run directory. */
  public Set<Integer> takenIds(TransportKind kind) {
    return kind == TransportKind.UBLK ? UblkTransport.takenIds() : Set.of();
  }

  /** A number to recognise our own device in the kernel by; 0 where the transport needs none. */
  public long newCookie(DeviceConfig config) {
    return config.transport() == TransportKind.UBLK ? UblkTransport.newCookie() : 0;
  }

  /**
   * Starts the transport of a settled configuration.
   *
   * @param cookie what {@link #newCookie} gave
   * @param nbdSocket where an NBD server listens that was not told where
   * @param listener is told why, if it ends though nobody closed it
   */
  public Transport start(
      BlockDevice device,
      DeviceConfig config,
      long cookie,
      PerformanceSettings settings,
      Path nbdSocket,
      FailureListener listener)
      throws IOException {
    return switch (config.transport()) {
      case UBLK -> UblkTransport.start(device, config.id(), cookie, settings, listener);
      case NBD -> NbdTransport.start(device, config.nbd(), settings, nbdSocket);
      case AUTO -> throw new IllegalArgumentException("transport is not settled");
    };
  }

  /** Takes away what the transport of a dead process left outside of its directory. */
  public void clearAfter(DeviceConfig config, long cookie) throws IOException {
    switch (config.transport()) {
      case UBLK -> UblkTransport.clearAfter(config.id(), cookie);
      case NBD -> NbdTransport.clearAfter(config.nbd());
      case AUTO -> {}
    }
  }
}
