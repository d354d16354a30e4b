package io.zublk.daemon;

import io.zublk.nbd.NbdAddress;
import io.zublk.uring.sys.SocketAccess;
import java.util.ArrayList;
import java.util.List;

/**
 * What was asked for about a device's vhost-user server. What nobody asked for is null.
 *
 * @param listen where it listens, {@code unix:PATH}; null for a socket in the run directory
 * @param listenMode the mode of its socket, in octal digits
 * @param listenGroup the group of its socket, by name or number
 */
public record VhostConfig(String listen, String listenMode, String listenGroup) {

  /** Nothing was asked for. */
  public static final VhostConfig DEFAULT = new VhostConfig(null, null, null);

  /**
   * Checks, and makes a socket's path absolute.
   *
   * @throws UserException or IllegalArgumentException with one line for the user
   */
  public VhostConfig {
    if (listen != null) {
      NbdAddress address = NbdAddress.parse(listen);
      if (!(address instanceof NbdAddress.Unix)) {
        throw new UserException(
            "--listen %s: a client of vhost-user shares its memory, which only unix:PATH can do"
                .formatted(listen));
      }
      listen = address.toString();
    }
    var _ = SocketAccess.parse(listenMode, listenGroup);
  }

  /** The options that were given. */
  List<String> names() {
    List<String> names = new ArrayList<>();
    NbdConfig.addName(names, "--listen", listen);
    NbdConfig.addName(names, "--listen-mode", listenMode);
    NbdConfig.addName(names, "--listen-group", listenGroup);
    return names;
  }
}
