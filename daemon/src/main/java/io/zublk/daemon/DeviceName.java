package io.zublk.daemon;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;

/**
 * The names of a device beside its id, in one form: {@code /dev/ublkb0} is itself, as is the socket
 * of a vhost-user server, and an export is where it listens, {@code unix:/run/zublk/0/nbd.sock} or
 * {@code tcp:127.0.0.1:10809}, as {@code --listen} takes it, with a slash and the export's name
 * behind if it has one.
 */
public final class DeviceName {

  /** The port that IANA gave to NBD, which URIs need not name. */
  private static final int NBD_PORT = 10809;

  private static final String UNIX = "unix:";

  private DeviceName() {}

  /**
   * The one form of what somebody typed, or of what a device says of itself. A path stays one: only
   * who knows the devices can tell that it is a socket.
   */
  public static String of(String typed) {
    try {
      if (typed.startsWith("nbd://") || typed.startsWith("nbd+unix://")) {
        return ofUri(new URI(typed));
      }
      if (typed.startsWith(UNIX)) {
        return UNIX + absolute(typed.substring(UNIX.length()));
      }
      return typed.contains("/") ? absolute(typed) : typed;
    } catch (URISyntaxException | IllegalArgumentException e) {
      return typed; // which no device is called
    }
  }

  /** Whether the one form of what somebody typed means the device that has this one. */
  static boolean means(String typed, String device) {
    return typed.equals(device) || (UNIX + typed).equals(device) || typed.equals(UNIX + device);
  }

  private static String ofUri(URI uri) {
    String path = uri.getPath() == null ? "" : uri.getPath();
    String export = path.length() > 1 ? path : "";
    if (uri.getScheme().equals("nbd")) {
      int port = uri.getPort() < 0 ? NBD_PORT : uri.getPort();
      return "tcp:" + uri.getHost() + ":" + port + export;
    }
    String query = uri.getQuery() == null ? "" : uri.getQuery();
    return UNIX + absolute(query.replaceFirst("^socket=", "")) + export;
  }

  /** Without links as far as there is such a file: {@code /var/run} is {@code /run}. */
  private static String absolute(String path) {
    try {
      return Path.of(path).toRealPath().toString();
    } catch (IOException e) {
      return Path.of(path).toAbsolutePath().normalize().toString();
    }
  }
}
