package io.zublk.nbd;

import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxSocket;
import java.net.InetSocketAddress;

/**
 * Who is connected to a server.
 *
 * @param address where it is, over TCP, such as {@code 10.0.0.7:41234}; else empty. Empty also if
 *     it was gone before it could be asked
 * @param process over a unix socket, its process, or the one that made the connection for it, which
 *     may have ended since; 0 over TCP, or if that is in another namespace
 */
public record NbdPeer(String address, int process) {

  /** Whoever is at the other end of a socket: what cannot be known of it keeps nobody from it. */
  static NbdPeer of(LinuxSocket socket) {
    try {
      InetSocketAddress address = socket.peerAddress();
      return address == null
          ? new NbdPeer("", socket.peerProcess())
          : new NbdPeer(words(address), 0);
    } catch (LinuxException e) {
      return new NbdPeer("", 0);
    }
  }

  private static String words(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }
}
