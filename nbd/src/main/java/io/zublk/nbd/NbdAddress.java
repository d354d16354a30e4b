package io.zublk.nbd;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** Where an NBD server listens. */
public sealed interface NbdAddress {

  /**
   * Parses {@code unix:PATH}, {@code tcp:HOST:PORT} or {@code tcp:[V6ADDRESS]:PORT}.
   *
   * @throws IllegalArgumentException with one line for the user
   */
  static NbdAddress parse(String text) {
    if (text.startsWith("unix:")) {
      return Unix.of(text.substring("unix:".length()));
    }
    if (text.startsWith("tcp:")) {
      return Tcp.of(text.substring("tcp:".length()));
    }
    throw new IllegalArgumentException(
        "address '" + text + "' is neither unix:PATH nor tcp:HOST:PORT");
  }

  /** The address as the system knows it; a host name is looked up here. */
  SocketAddress socketAddress();

  /** The URI under which clients reach an export at this address (NBD URI specification). */
  URI uri(String export);

  /**
   * A socket in the file system.
   *
   * @param path at most 106 bytes: {@code sockaddr_un} holds 107 (unix(7)), and Java takes one less
   */
  record Unix(Path path) implements NbdAddress {

    private static final int MAX_PATH_BYTES = 106;

    public Unix {
      path = withoutDots(path.toAbsolutePath());
      if (path.getFileName() == null || path.endsWith("..")) {
        throw new IllegalArgumentException(path + " is a directory; name a socket in one");
      }
      int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
      if (bytes > MAX_PATH_BYTES) {
        throw new IllegalArgumentException(
            "unix socket path "
                + path
                + " is "
                + bytes
                + " bytes long; the limit is "
                + MAX_PATH_BYTES);
      }
    }

    /** Not {@code normalize()}: what ".." means after a symbolic link, the system knows. */
    private static Path withoutDots(Path path) {
      Path plain = path.getRoot();
      for (Path name : path) {
        plain = name.toString().equals(".") ? plain : plain.resolve(name);
      }
      return plain;
    }

    private static Unix of(String path) {
      if (path.isEmpty()) {
        throw new IllegalArgumentException("address 'unix:' lacks a path: unix:PATH");
      }
      try {
        return new Unix(Path.of(path));
      } catch (InvalidPathException e) {
        throw new IllegalArgumentException("'" + path + "' is not a path: " + e.getReason(), e);
      }
    }

    @Override
    public SocketAddress socketAddress() {
      return UnixDomainSocketAddress.of(path);
    }

    @Override
    public URI uri(String export) {
      return URI.create("nbd+unix:///" + encode(export) + "?socket=" + encode(path.toString()));
    }

    @Override
    public String toString() {
      return "unix:" + path;
    }
  }

  /**
   * A TCP port.
   *
   * @param host a name or an address
   * @param port 0 lets the system choose when the server starts
   */
  record Tcp(String host, int port) implements NbdAddress {

    /** What stands in host names, and in addresses of IPv4. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]+");

    /** An IPv6 address may end in the name of a network interface (RFC 4007, section 11). */
    private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:.]+(%[\\w.-]+)?");

    public Tcp {
      if (!(host.contains(":") ? isIpv6(host) : NAME.matcher(host).matches())) {
        throw new IllegalArgumentException("'" + host + "' is neither a host name nor an address");
      }
    }

    /** By what a URI takes: of the JDK's two opinions on addresses, clients get to see this one. */
    private static boolean isIpv6(String host) {
      try {
        return IPV6.matcher(host).matches() && new URI("nbd://[" + host + "]").getHost() != null;
      } catch (URISyntaxException e) {
        return false;
      }
    }

    private static Tcp of(String hostAndPort) {
      int colon = hostAndPort.lastIndexOf(':');
      String host = colon < 0 ? "" : hostAndPort.substring(0, colon);
      boolean isBracketed = host.startsWith("[") && host.endsWith("]");
      if (isBracketed) {
        host = host.substring(1, host.length() - 1);
      }
      if (host.isEmpty()) {
        throw new IllegalArgumentException("'tcp:" + hostAndPort + "' is not tcp:HOST:PORT");
      }
      if (host.contains(":") != isBracketed) {
        throw new IllegalArgumentException(
            "'tcp:" + hostAndPort + "': brackets belong around an IPv6 address: tcp:[::1]:10809");
      }
      return new Tcp(host, port(hostAndPort.substring(colon + 1)));
    }

    private static int port(String text) {
      try {
        int port = Integer.parseInt(text);
        if (port >= 0 && port <= 65535) {
          return port;
        }
      } catch (NumberFormatException e) {
        // reported below, like a number out of range
      }
      throw new IllegalArgumentException("'" + text + "' is not a port from 0 to 65535");
    }

    @Override
    public InetSocketAddress socketAddress() {
      return new InetSocketAddress(host, port);
    }

    @Override
    public URI uri(String export) {
      // Also "any address": it works on this machine, and hides from nobody who else is let in.
      return URI.create("nbd://" + bracketed() + ":" + port + "/" + encode(export));
    }

    @Override
    public String toString() {
      return "tcp:" + bracketed() + ":" + port;
    }

    private String bracketed() {
      return host.contains(":") ? "[" + host + "]" : host;
    }
  }

  /** Percent-encodes all but the unreserved characters of RFC 3986, section 2.3, and '/'. */
  private static String encode(String text) {
    String plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    StringBuilder encoded = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      if (b > 0 && plain.indexOf(b) >= 0) {
        encoded.append((char) b);
      } else {
        encoded.append(String.format("%%%02X", b));
      }
    }
    return encoded.toString();
  }
}
