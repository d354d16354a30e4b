package io.zublk.daemon;

import io.zublk.nbd.NbdAddress;
import io.zublk.nbd.NbdExport;
import io.zublk.nbd.NbdOptions;
import io.zublk.uring.sys.SocketAccess;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What was asked for about a device's NBD server. What nobody asked for is null.
 *
 * @param listen where it listens, {@code unix:PATH} or {@code tcp:HOST:PORT}; null for a unix
 *     socket in the run directory
 * @param listenMode the mode of its unix socket, in octal digits
 * @param listenGroup the group of its unix socket, by name or number
 * @param exportName the export's name; the empty name means it too
 * @param maxClients the most clients at a time, 1 to 1024
 */
public record NbdConfig(
    String listen, String listenMode, String listenGroup, String exportName, Integer maxClients) {

  /** Nothing was asked for. */
  public static final NbdConfig DEFAULT = new NbdConfig(null, null, null, null, null);

  /**
   * Checks, and makes a socket's path absolute.
   *
   * @throws UserException or IllegalArgumentException with one line for the user
   */
  public NbdConfig {
    if (listen != null) {
      NbdAddress address = NbdAddress.parse(listen);
      listen = address.toString();
      if (address instanceof NbdAddress.Tcp && (listenMode != null || listenGroup != null)) {
        throw new UserException(
            "--listen-mode, --listen-group: about a unix socket, and %s is none".formatted(listen));
      }
    }
    var _ = SocketAccess.parse(listenMode, listenGroup);
    NbdExport.checkName(Objects.requireNonNullElse(exportName, ""));
    if (maxClients != null && (maxClients < 1 || maxClients > NbdOptions.MOST_CONNECTIONS)) {
      throw new UserException(
          "--max-clients %d: must be in 1..%d".formatted(maxClients, NbdOptions.MOST_CONNECTIONS));
    }
  }

  /** Only where to listen is asked for, if that. */
  public static NbdConfig listeningAt(String listen) {
    return new NbdConfig(listen, null, null, null, null);
  }

  /** The same server at another address. */
  public NbdConfig withListen(String address) {
    return new NbdConfig(address, listenMode, listenGroup, exportName, maxClients);
  }

  /** What to know about a server that other machines can reach. */
  Optional<String> warning() {
    if (listen != null
        && NbdAddress.parse(listen).socketAddress() instanceof InetSocketAddress address
        && address.getAddress() != null
        && !address.getAddress().isLoopbackAddress()) {
      return Optional.of(
          listen
              + ": whoever reaches this port can read and write the device; there is no TLS, and"
              + " no password");
    }
    return Optional.empty();
  }

  /** The options that were given. */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    addName(names, "--listen", listen);
    addName(names, "--listen-mode", listenMode);
    addName(names, "--listen-group", listenGroup);
    addName(names, "--export-name", exportName);
    addName(names, "--max-clients", maxClients);
    return names;
  }

  static void addName(List<String> names, String option, Object value) {
    if (value != null) {
      names.add(option);
    }
  }

  /** A server's options, before a machine has its say about them. */
  public NbdOptions options() {
    NbdOptions options =
        NbdOptions.defaults().withSocketAccess(SocketAccess.parse(listenMode, listenGroup));
    return maxClients == null ? options : options.withMaxConnections(maxClients);
  }
}
