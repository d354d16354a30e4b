package io.zublk.daemon.transport;

import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.VhostConfig;
import io.zublk.nbd.NbdAddress;
import io.zublk.uring.sys.SocketAccess;
import io.zublk.vhost.VhostOptions;
import io.zublk.vhost.VhostServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** Makes vhost-user servers. They need nothing of the kernel, and leave a socket at most. */
final class VhostTransportFactory implements TransportFactory {

  @Override
  public Optional<String> obstacle() {
    return Optional.empty();
  }

  @Override
  public void noticeLimits(DeviceConfig config, Consumer<String> notices) {}

  @Override
  public Set<Integer> takenIds() {
    return Set.of();
  }

  @Override
  public Transport start(Assignment assignment) throws IOException {
    VhostConfig vhost = assignment.config().vhost();
    Path socket = vhost.listen() == null ? assignment.socket() : path(vhost.listen());
    return new VhostTransport(start(assignment, socket), assignment.settings());
  }

  private static VhostServer start(Assignment assignment, Path socket) throws IOException {
    VhostConfig vhost = assignment.config().vhost();
    VhostOptions options =
        VhostOptions.defaults()
            .withSerial(serial(assignment.identity()))
            .withSocketAccess(SocketAccess.parse(vhost.listenMode(), vhost.listenGroup()));
    return VhostServer.start(
        socket, assignment.device(), assignment.settings().applyTo(options), assignment.listener());
  }

  /** A virtual machine that has several of our disks tells them apart by it. */
  private static String serial(long identity) {
    return "zublk-" + Long.toString(identity, Character.MAX_RADIX);
  }

  private static Path path(String listen) {
    return ((NbdAddress.Unix) NbdAddress.parse(listen)).path();
  }

  @Override
  public void rehearse(Assignment assignment) throws IOException {
    start(assignment, assignment.socket()).close();
  }

  /** The connection went with the process. */
  @Override
  public void abandon(DeviceConfig config, long identity) {}

  /** A client that would connect again waits where nobody sees it. */
  @Override
  public Optional<String> useAfter(DeviceConfig config, long identity) {
    return Optional.empty();
  }

  /** The socket in the device's directory goes with that. */
  @Override
  public void clearAfter(DeviceConfig config, long identity) throws IOException {
    if (config.vhost().listen() != null) {
      VhostServer.removeDeadSocket(path(config.vhost().listen()));
    }
  }
}
