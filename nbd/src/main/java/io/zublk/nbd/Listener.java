package io.zublk.nbd;

import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxSocket;
import io.zublk.uring.sys.SocketAccess;
import io.zublk.uring.sys.UnixListener;
import java.io.IOException;
import java.net.InetSocketAddress;

/** A listening socket, and how its clients' sockets are set. */
final class Listener implements AutoCloseable {

  /** At least so many clients may wait to be accepted; the system refuses others. */
  private static final int LEAST_BACKLOG = 128;

  /**
   * What a unix socket may hold towards the client, in bytes (the kernel doubles it, and caps it at
   * net.core.wmem_max): one full reply is on its way while the next is made.
   */
  private static final int UNIX_SEND_BUFFER_BYTES = 512 << 10;

  /**
   * A TCP client that says nothing for this long is asked for a sign of life, in seconds (tcp(7)).
   * With the two below a dead one is gone two minutes after its last word; the system's own time is
   * over two hours. One that dies with replies on their way goes by net.ipv4.tcp_retries2, a
   * quarter of an hour.
   */
  private static final int KEEP_IDLE_S = 60;

  private static final int KEEP_INTERVAL_S = 15;
  private static final int KEEP_COUNT = 4;

  private final LinuxSocket socket;
  private final NbdAddress address;

  /** Null for TCP. */
  private final UnixListener unix;

  private Listener(NbdAddress address, LinuxSocket socket) {
    this.socket = socket;
    this.address = address;
    this.unix = null;
  }

  private Listener(NbdAddress.Unix address, UnixListener unix) {
    this.socket = unix.socket();
    this.address = address;
    this.unix = unix;
  }

  /**
   * Opens a listening socket.
   *
   * @throws IOException with one line that says what is wrong and what to do
   */
  static Listener open(NbdAddress address, NbdOptions options) throws IOException {
    int backlog = Math.max(LEAST_BACKLOG, options.maxConnections());
    return switch (address) {
      case NbdAddress.Tcp tcp -> openTcp(tcp, backlog);
      case NbdAddress.Unix unix -> openUnix(unix, options.socketAccess(), backlog);
    };
  }

  /** Goes on with a socket that another process listened on. */
  static Listener resume(NbdHandOver from) throws IOException {
    return switch (from.address()) {
      case NbdAddress.Tcp tcp -> new Listener(tcp, from.listener());
      case NbdAddress.Unix path ->
          new Listener(path, UnixListener.resume(from.listener(), path.path(), from.fileKey()));
    };
  }

  /** Identifies the socket's file, to another process; empty if none is ours. */
  String fileKey() {
    return unix == null ? "" : unix.fileKey();
  }

  LinuxSocket socket() {
    return socket;
  }

  /** The address with the port that the system chose. */
  NbdAddress address() {
    return address;
  }

  /** Whether clients still find the socket at its address: nobody has deleted its file. */
  boolean isFound() {
    return unix == null || unix.isFound();
  }

  /** Accepts a client; null if none waits. */
  LinuxSocket accept() throws LinuxException {
    LinuxSocket client = socket.accept();
    if (client != null) {
      try {
        prepare(client);
      } catch (LinuxException | RuntimeException | Error e) {
        client.close();
        throw e;
      }
    }
    return client;
  }

  private void prepare(LinuxSocket client) throws LinuxException {
    if (address instanceof NbdAddress.Tcp) {
      client.setOption(LinuxSocket.IPPROTO_TCP, LinuxSocket.TCP_NODELAY, 1);
      client.setOption(LinuxSocket.SOL_SOCKET, LinuxSocket.SO_KEEPALIVE, 1);
      client.setOption(LinuxSocket.IPPROTO_TCP, LinuxSocket.TCP_KEEPIDLE, KEEP_IDLE_S);
      client.setOption(LinuxSocket.IPPROTO_TCP, LinuxSocket.TCP_KEEPINTVL, KEEP_INTERVAL_S);
      client.setOption(LinuxSocket.IPPROTO_TCP, LinuxSocket.TCP_KEEPCNT, KEEP_COUNT);
    } else {
      client.setOption(LinuxSocket.SOL_SOCKET, LinuxSocket.SO_SNDBUF, UNIX_SEND_BUFFER_BYTES);
    }
  }

  // ---- TCP

  private static Listener openTcp(NbdAddress.Tcp address, int backlog) throws IOException {
    InetSocketAddress wanted = address.socketAddress();
    if (wanted.isUnresolved()) {
      throw failure(address, "there is no host of that name", null);
    }
    try {
      LinuxSocket socket = LinuxSocket.openListening(wanted);
      try {
        socket.bind(wanted);
        socket.listen(backlog);
        NbdAddress given = new NbdAddress.Tcp(address.host(), socket.localPort());
        return new Listener(given, socket);
      } catch (LinuxException e) {
        socket.close();
        throw e;
      }
    } catch (LinuxException e) {
      throw failure(address, tcpReason(e.errno()), e);
    }
  }

  private static String tcpReason(int errno) {
    return switch (errno) {
      case Errnos.EADDRINUSE -> "the port is in use; choose another, or 0 for any";
      case Errnos.EACCES -> "ports below 1024 need privileges; choose a higher one";
      default -> Errnos.message(errno);
    };
  }

  // ---- unix sockets

  private static Listener openUnix(NbdAddress.Unix address, SocketAccess access, int backlog)
      throws IOException {
    try {
      return new Listener(address, UnixListener.open(address.path(), access, backlog));
    } catch (IOException e) {
      throw failure(address, e.getMessage(), e);
    }
  }

  @Override
  public void close() throws IOException {
    if (unix == null) {
      socket.close();
    } else {
      unix.close();
    }
  }

  /** Leaves the socket, and its file, to the process that was given it. */
  void abandon() {
    socket.close();
  }

  private static IOException failure(NbdAddress address, String reason, Exception cause) {
    return new IOException("cannot listen on " + address + ": " + reason, cause);
  }
}
