package io.zublk.nbd;

import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A listening socket, and how its clients' sockets are set. One in the file system replaces what a
 * dead server left there, never a live one and nothing else, and is removed on close.
 */
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

  /** The socket file that is ours, null for TCP. */
  private final SocketFile file;

  private Listener(LinuxSocket socket, NbdAddress address, SocketFile file) {
    this.socket = socket;
    this.address = address;
    this.file = file;
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
    SocketFile file =
        from.address() instanceof NbdAddress.Unix unix
            ? SocketFile.given(unix.path(), from.fileKey())
            : null;
    return new Listener(from.listener(), from.address(), file);
  }

  /** Identifies the socket's file, to another process; empty if none is ours. */
  String fileKey() {
    return file == null ? "" : file.fileKey().toString();
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
    try {
      return file == null || file.isStillThere();
    } catch (IOException e) {
      return false; // it went while we looked
    }
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
        return new Listener(socket, given, null);
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
    Path directory = address.path().getParent();
    if (!Files.isDirectory(directory)) {
      throw failure(address, "there is no directory " + directory + "; make it first", null);
    }
    if (!Files.isWritable(directory)) {
      throw failure(address, "the directory " + directory + " is not writable", null);
    }
    try {
      clear(address.path());
      return bind(address, access, backlog);
    } catch (LinuxException e) {
      boolean isTaken = e.errno() == Errnos.EADDRINUSE;
      throw failure(
          address,
          isTaken ? "another server took the path just now" : Errnos.message(e.errno()),
          e);
    } catch (FileSystemException e) {
      throw failure(address, fileReason(e), e);
    } catch (IOException e) {
      throw failure(address, e.getMessage(), e);
    }
  }

  /** The file comes with what the process's umask leaves of all permissions, and loses the rest. */
  private static Listener bind(NbdAddress.Unix address, SocketAccess access, int backlog)
      throws IOException {
    Path path = address.path();
    LinuxSocket socket = LinuxSocket.openListening(address.socketAddress());
    try {
      socket.bind(address.socketAddress());
      Listener listener = new Listener(socket, address, SocketFile.ours(path));
      try {
        socket.listen(backlog);
        access.applyTo(path);
        return listener;
      } catch (IOException e) {
        listener.close();
        throw e;
      }
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** What these exceptions mean is in their class, and their message only a path. */
  private static String fileReason(FileSystemException e) {
    String reason =
        e instanceof AccessDeniedException
            ? "permission denied"
            : Objects.requireNonNullElse(e.getReason(), e.getClass().getSimpleName());
    return e.getFile() + ": " + reason;
  }

  /**
   * Makes way for a socket.
   *
   * @throws IOException if something else than a dead server's socket is there
   */
  private static void clear(Path path) throws IOException {
    SocketFile file = SocketFile.at(path);
    switch (file.kind()) {
      case NOTHING -> {}
      case DEAD -> file.deleteDead();
      case LIVE -> throw new IOException("another server listens there; choose another path");
      case OTHER -> throw new IOException("what is there is no socket; choose another path");
    }
  }

  @Override
  public void close() throws IOException {
    try {
      // First: while the socket is open, its inode is no other file's.
      if (file != null && file.isStillThere()) {
        Files.delete(file.path());
      }
    } finally {
      socket.close();
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
