package io.zublk.daemon;

import io.zublk.block.BlockDevice;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** Knows the transports: which can be had here, which ids they have given out, how they start. */
class Transports {

  /**
   * Settles {@link TransportKind#AUTO}, and says so.
   *
   * @throws UserException if the transport that was asked for cannot be had
   */
  DeviceConfig resolve(DeviceConfig config, Reporter reporter) {
    return switch (config.transport()) {
      case NBD -> nbd(config, reporter);
      case UBLK -> {
        Optional<String> obstacle = UblkTransport.obstacle();
        if (obstacle.isPresent()) {
          throw new UserException(
              "ublk cannot be had: " + obstacle.get() + "; --transport nbd needs no driver");
        }
        yield config;
      }
      case AUTO -> resolveAuto(config, reporter);
    };
  }

  private static DeviceConfig resolveAuto(DeviceConfig config, Reporter reporter) {
    if (!config.nbd().names().isEmpty()) {
      return nbd(config, reporter);
    }
    Optional<String> obstacle =
        UblkTransport.obstacle().or(() -> KernelVersion.running().ublkCrash());
    if (obstacle.isEmpty()) {
      reporter.notice("transport: ublk");
      return config.withTransport(TransportKind.UBLK);
    }
    List<String> ublkOptions = config.performance().ublkOptions();
    if (!ublkOptions.isEmpty()) {
      throw new UserException(
          "%s: needs ublk, which cannot be had: %s"
              .formatted(String.join(", ", ublkOptions), obstacle.get()));
    }
    reporter.notice("transport: nbd, because ublk cannot be had: " + obstacle.get());
    return nbd(config, reporter);
  }

  private static DeviceConfig nbd(DeviceConfig config, Reporter reporter) {
    DeviceConfig settled = config.withTransport(TransportKind.NBD);
    if (config.performance().polls()) {
      reporter.notice(
          "--%s: without its polling, because NBD has no queues to poll"
              .formatted(config.performance().preset().word()));
    }
    return settled;
  }

  /** The ids that are taken outside of any run directory. */
  Set<Integer> takenIds(TransportKind kind) {
    return kind == TransportKind.UBLK ? UblkTransport.takenIds() : Set.of();
  }

  /** A number to recognise our own device in the kernel by; 0 where the transport needs none. */
  long newCookie(DeviceConfig config) {
    return config.transport() == TransportKind.UBLK ? UblkTransport.newCookie() : 0;
  }

  /**
   * Starts the transport of a settled configuration.
   *
   * @param ended is told why, if it ends though nobody closed it
   */
  Transport start(
      BlockDevice device,
      DeviceRecord record,
      PerformanceSettings settings,
      DeviceDir dir,
      Consumer<String> ended)
      throws IOException {
    return switch (record.config().transport()) {
      case UBLK -> UblkTransport.start(device, record, settings, ended);
      case NBD -> NbdTransport.start(device, record.config(), settings, dir);
      case AUTO -> throw new IllegalArgumentException("transport is not settled");
    };
  }

  /** Takes away what the transport of a dead process left outside of its directory. */
  void clearAfter(DeviceRecord record) throws IOException {
    switch (record.config().transport()) {
      case UBLK -> UblkTransport.clearAfter(record);
      case NBD -> NbdTransport.clearAfter(record.config());
      case AUTO -> {}
    }
  }
}
