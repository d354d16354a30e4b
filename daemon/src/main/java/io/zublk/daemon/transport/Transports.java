package io.zublk.daemon.transport;

import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.TransportKind;
import io.zublk.daemon.UserException;
import io.zublk.daemon.machine.KernelVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** The kinds of transports, and which of them a device gets. */
public class Transports {

  private final TransportFactory ublk = new UblkTransportFactory();
  private final TransportFactory nbd = new NbdTransportFactory();
  private final TransportFactory vhost = new VhostTransportFactory();

  /** The transports of a kind, which {@link TransportKind#AUTO} is not. */
  public TransportFactory of(TransportKind kind) {
    return switch (kind) {
      case UBLK -> ublk;
      case NBD -> nbd;
      case VHOST -> vhost;
      case AUTO -> throw new IllegalArgumentException("transport is not settled");
    };
  }

  /**
   * Settles {@link TransportKind#AUTO}, and says so.
   *
   * @param notices takes what the user should know, a line at a time
   * @throws UserException if the transport that was asked for cannot be had
   */
  public DeviceConfig resolve(DeviceConfig config, Consumer<String> notices) {
    DeviceConfig settled =
        config.transport() == TransportKind.AUTO ? chosen(config, notices) : required(config);
    of(settled.transport()).noticeLimits(settled, notices);
    return settled;
  }

  private DeviceConfig required(DeviceConfig config) {
    TransportKind kind = config.transport();
    Optional<String> obstacle = of(kind).obstacle();
    if (obstacle.isPresent()) {
      throw new UserException(
          "%s cannot be had: %s; --transport nbd needs no driver"
              .formatted(kind.word(), obstacle.get()));
    }
    return config;
  }

  private DeviceConfig chosen(DeviceConfig config, Consumer<String> notices) {
    if (!config.nbd().names().isEmpty()) {
      return config.withTransport(TransportKind.NBD);
    }
    Optional<String> obstacle = ublk.obstacle().or(() -> KernelVersion.running().ublkCrash());
    if (obstacle.isEmpty()) {
      notices.accept("transport: ublk");
      return config.withTransport(TransportKind.UBLK);
    }
    List<String> ublkOptions = new ArrayList<>(config.performance().queueOptions());
    if (config.swap()) {
      ublkOptions.add("--swap");
    }
    if (!ublkOptions.isEmpty()) {
      throw new UserException(
          "%s: needs ublk, which cannot be had: %s"
              .formatted(String.join(", ", ublkOptions), obstacle.get()));
    }
    notices.accept("transport: nbd, because ublk cannot be had: " + obstacle.get());
    return config.withTransport(TransportKind.NBD);
  }
}
