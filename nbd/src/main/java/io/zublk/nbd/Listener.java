package io.zublk.nbd;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import jdk.net.ExtendedSocketOptions;

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

  private final ServerSocketChannel channel;
  private final NbdAddress address;

  /** The socket file that is ours, null for TCP. */
  private final SocketFile file;

  private Listener(ServerSocketChannel channel, NbdAddress address, SocketFile file) {
    this.channel = channel;
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

  ServerSocketChannel channel() {
    return channel;
  }

  /** The address with the port that the system chose. */
  NbdAddress address() {
    return address;
  }

  /** Accepts a client, if one waits and the channel does not block; otherwise returns null. */
  SocketChannel accept() throws IOException {
    SocketChannel client = channel.accept();
    if (client != null) {
      try {
        prepare(client);
      } catch (IOException | RuntimeException | Error e) {
        client.close();
        throw e;
      }
    }
    return client;
  }

  private void prepare(SocketChannel client) throws IOException {
    if (address instanceof NbdAddress.Tcp) {
      client.setOption(StandardSocketOptions.TCP_NODELAY, true);
      client.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      client.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, KEEP_IDLE_S);
      client.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, KEEP_INTERVAL_S);
      client.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, KEEP_COUNT);
    } else {
      client.setOption(StandardSocketOptions.SO_SNDBUF, UNIX_SEND_BUFFER_BYTES);
    }
  }

  // ---- TCP

  private static Listener openTcp(NbdAddress.Tcp address, int backlog) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open();
    try {
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      channel.bind(address.socketAddress(), backlog);
      int port = ((InetSocketAddress) channel.getLocalAddress()).getPort();
      return new Listener(channel, new NbdAddress.Tcp(address.host(), port), null);
    } catch (UnresolvedAddressException e) {
      channel.close();
      throw failure(address, "there is no host of that name", e);
    } catch (BindException e) {
      channel.close();
      throw failure(address, tcpReason(e), e);
    } catch (IOException e) {
      channel.close();
      throw failure(address, e.getMessage(), e);
    }
  }

  private static String tcpReason(BindException e) {
    String reason = String.valueOf(e.getMessage());
    if (reason.contains("already in use")) {
      return "the port is in use; choose another, or 0 for any";
    }
    if (reason.contains("Permission denied")) {
      return "ports below 1024 need privileges; choose a higher one";
    }
    return reason;
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
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      clear(address.path());
      return bind(channel, address, access, backlog);
    } catch (BindException e) {
      channel.close();
      throw failure(address, "another server took the path just now", e);
    } catch (FileSystemException e) {
      channel.close();
      throw failure(address, fileReason(e), e);
    } catch (IOException e) {
      channel.close();
      throw failure(address, e.getMessage(), e);
    }
  }

  /** The file comes with what the process's umask leaves of all permissions, and loses the rest. */
  private static Listener bind(
      ServerSocketChannel channel, NbdAddress.Unix address, SocketAccess access, int backlog)
      throws IOException {
    Path path = address.path();
    channel.bind(address.socketAddress(), backlog);
    Listener listener = new Listener(channel, address, SocketFile.ours(path));
    try {
      access.applyTo(path);
      return listener;
    } catch (IOException e) {
      listener.close();
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
      channel.close();
    }
  }

  private static IOException failure(NbdAddress address, String reason, Exception cause) {
    return new IOException("cannot listen on " + address + ": " + reason, cause);
  }
}
