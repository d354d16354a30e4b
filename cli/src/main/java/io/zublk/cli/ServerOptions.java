package io.zublk.cli;

import io.zublk.daemon.NbdConfig;
import io.zublk.daemon.TransportKind;
import io.zublk.daemon.VhostConfig;
import picocli.CommandLine.Option;

/** The options of {@code create} about where and for whom an NBD or a vhost-user server serves. */
final class ServerOptions {

  @Option(
      names = "--listen",
      paramLabel = "ADDR",
      description =
          "Where NBD listens: unix:PATH or tcp:HOST:PORT, or vhost-user: unix:PATH; default: a socket"
              + " in the run directory.")
  private String listen;

  @Option(
      names = "--listen-mode",
      paramLabel = "MODE",
      description = "The mode of its unix socket; default: 0600, or 0660 with --listen-group.")
  private String listenMode;

  @Option(
      names = "--listen-group",
      paramLabel = "GROUP",
      description = "The group of its unix socket, whose members may connect.")
  private String listenGroup;

  @Option(
      names = "--export-name",
      paramLabel = "NAME",
      description = "The export's name; clients that name none get it too.")
  private String exportName;

  @Option(
      names = "--max-clients",
      paramLabel = "N",
      description = "NBD clients at a time, 1 to 1024; others are hung up on; default: 64.")
  private Integer maxClients;

  /** What an NBD server is asked for, also where there will be none. */
  NbdConfig nbd(TransportKind transport) {
    return transport == TransportKind.VHOST
        ? new NbdConfig(null, null, null, exportName, maxClients)
        : new NbdConfig(listen, listenMode, listenGroup, exportName, maxClients);
  }

  VhostConfig vhost(TransportKind transport) {
    return transport == TransportKind.VHOST
        ? new VhostConfig(listen, listenMode, listenGroup)
        : VhostConfig.DEFAULT;
  }
}
