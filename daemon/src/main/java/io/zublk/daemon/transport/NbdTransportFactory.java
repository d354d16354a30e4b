package io.zublk.daemon.transport;

import io.zublk.block.RateLimitedLog;
import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.NbdConfig;
import io.zublk.nbd.NbdAddress;
import io.zublk.nbd.NbdExport;
import io.zublk.nbd.NbdHandOver;
import io.zublk.nbd.NbdOptions;
import io.zublk.nbd.NbdRehearsal;
import io.zublk.nbd.NbdServer;
import io.zublk.uring.sys.LinuxSocket;
import java.io.IOException;
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
  public Transport start(Assignment assignment) throws IOException {
    NbdConfig nbd = assignment.config().nbd();
    NbdOptions options = options(assignment);
    NbdAddress address =
        nbd.listen() == null
            ? new NbdAddress.Unix(assignment.socket())
            : NbdAddress.parse(nbd.listen());
    // A server that lost its socket serves those who are connected: the device does not end with
    // it.
    NbdServer server = NbdServer.start(address, export(assignment), options, log::fault);
    return new NbdTransport(server, options);
  }

  private static NbdOptions options(Assignment assignment) {
    return assignment.settings().applyTo(assignment.config().nbd().options());
  }

  private static NbdExport export(Assignment assignment) {
    String name = assignment.config().nbd().exportName();
    return new NbdExport(Objects.requireNonNullElse(name, DEFAULT_EXPORT), assignment.device());
  }

  /** The listening socket and all who are connected. */
  @Override
  public Inheritance inherit(LinuxSocket from) throws IOException {
    NbdHandOver all = NbdHandOver.receive(from);
    return new Inheritance() {
      @Override
      public Transport resume(Assignment assignment) throws IOException {
        NbdOptions options = options(assignment);
        NbdServer server = NbdServer.resume(all, export(assignment), options, log::fault);
        return new NbdTransport(server, options);
      }

      @Override
      public void close() {
        all.close();
      }
    };
  }

  @Override
  public void rehearse(Assignment assignment) throws IOException {
    NbdOptions options = NbdOptions.defaults().withMaxConnections(1);
    NbdRehearsal.run(
        assignment.device(), assignment.settings().applyTo(options), assignment.socket());
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
