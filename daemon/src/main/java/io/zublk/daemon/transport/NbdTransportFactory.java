package io.zublk.daemon.transport;

import io.zublk.block.BlockDevice;
import io.zublk.block.FailureListener;
import io.zublk.block.RateLimitedLog;
import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.NbdConfig;
import io.zublk.daemon.settings.PerformanceSettings;
import io.zublk.nbd.NbdAddress;
import io.zublk.nbd.NbdExport;
import io.zublk.nbd.NbdHandOver;
import io.zublk.nbd.NbdOptions;
import io.zublk.nbd.NbdRehearsal;
import io.zublk.nbd.NbdServer;
import io.zublk.uring.sys.LinuxSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** Makes NBD servers. They need nothing of the kernel, and leave a socket at most. */
final class NbdTransportFactory implements TransportFactory {

  /** What clients get that name no export; they get it whatever else it is called. */
  private static final String DEFAULT_EXPORT = "";

  private final RateLimitedLog log = new RateLimitedLog("io.zublk.daemon.transport");

  @Override
  public Optional<String> obstacle() {
    return Optional.empty();
  }

  @Override
  public void noticeLimits(DeviceConfig config, Consumer<String> notices) {
    if (config.performance().polls()) {
      notices.accept(
          "--%s: without its polling, because NBD has no queues to poll"
              .formatted(config.performance().preset().word()));
    }
  }

  @Override
  public Set<Integer> takenIds() {
    return Set.of();
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
    NbdConfig nbd = config.nbd();
    NbdOptions options = settings.applyTo(nbd.options());
    NbdAddress address =
        nbd.listen() == null ? new NbdAddress.Unix(socket) : NbdAddress.parse(nbd.listen());
    // A server that lost its socket serves those who are connected: the device does not end with
    // it.
    NbdServer server = NbdServer.start(address, export(device, nbd), options, log::fault);
    return new NbdTransport(server, options);
  }

  private static NbdExport export(BlockDevice device, NbdConfig nbd) {
    return new NbdExport(Objects.requireNonNullElse(nbd.exportName(), DEFAULT_EXPORT), device);
  }

  @Override
  public Transport recover(
      BlockDevice device,
      DeviceConfig config,
      long identity,
      PerformanceSettings settings,
      Path socket,
      FailureListener listener)
      throws IOException {
    return start(device, config, identity, settings, socket, listener);
  }

  /** The listening socket and all who are connected. */
  @Override
  public Inheritance inherit(LinuxSocket from) throws IOException {
    NbdHandOver all = NbdHandOver.receive(from);
    return new Inheritance() {
      @Override
      public Transport resume(
          BlockDevice device,
          DeviceConfig config,
          long identity,
          PerformanceSettings settings,
          Path socket,
          FailureListener listener)
          throws IOException {
        NbdOptions options = settings.applyTo(config.nbd().options());
        NbdExport export = export(device, config.nbd());
        return new NbdTransport(NbdServer.resume(all, export, options, log::fault), options);
      }

      @Override
      public void close() {
        all.close();
      }
    };
  }

  @Override
  public void rehearse(
      BlockDevice device, DeviceConfig config, PerformanceSettings settings, Path socket)
      throws IOException {
    NbdOptions options = NbdOptions.defaults().withMaxConnections(1);
    NbdRehearsal.run(device, settings.applyTo(options), socket);
  }

  /** The connections went with the process. */
  @Override
  public void abandon(DeviceConfig config, long identity) {}

  /** Clients that would connect again wait where nobody sees them. */
  @Override
  public Optional<String> useAfter(DeviceConfig config, long identity) {
    return Optional.empty();
  }

  /** The socket in the device's directory goes with that. */
  @Override
  public void clearAfter(DeviceConfig config, long identity) throws IOException {
    String listen = config.nbd().listen();
    if (listen != null && NbdAddress.parse(listen) instanceof NbdAddress.Unix unix) {
      NbdServer.removeDeadSocket(unix);
    }
  }
}
