package io.zublk.nbd;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A listening socket. One in the file system replaces what a dead server left there, never a live
 * one, may be used by its owner only, and is removed on close.
 */
final class Listener implements AutoCloseable {

  /** Waiting clients beyond this are refused by the system; more than may be served is no use. */
  private static final int BACKLOG = 128;

  private final ServerSocketChannel channel;
  private final NbdAddress address;

  /** Identifies the socket file that is ours, null for TCP. */
  private final Object fileKey;

  private Listener(ServerSocketChannel channel, NbdAddress address, Object fileKey) {
    this.channel = channel;
    this.address = address;
    this.fileKey = fileKey;
  }

  /**
   * Opens a listening socket.
   *
   * @throws IOException with one line that says what is wrong and what to do
   */
  static Listener open(NbdAddress address) throws IOException {
    return switch (address) {
      case NbdAddress.Tcp tcp -> openTcp(tcp);
      case NbdAddress.Unix unix -> openUnix(unix);
    };
  }

  ServerSocketChannel channel() {
    return channel;
  }

  /** The address with the port that the system chose. */
  NbdAddress address() {
    return address;
  }

  private static Listener openTcp(NbdAddress.Tcp address) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open();
    try {
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      channel.bind(address.socketAddress(), BACKLOG);
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

  private static Listener openUnix(NbdAddress.Unix address) throws IOException {
    Path path = address.path();
    Path directory = path.getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      throw failure(address, "there is no directory " + directory + "; make it first", null);
    }
    if (!Files.isWritable(directory)) {
      throw failure(address, "the directory " + directory + " is not writable", null);
    }
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      removeDeadSocket(address);
    }
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.bind(address.socketAddress(), BACKLOG);
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
      return new Listener(channel, address, fileKey(path));
    } catch (BindException e) {
      channel.close();
      throw failure(address, "another server took the path just now", e);
    } catch (IOException e) {
      channel.close();
      throw failure(address, e.getMessage(), e);
    }
  }

  /**
   * Makes way if nobody listens at a path. The socket is first moved aside and asked again there:
   * had another server replaced it meanwhile, that one would answer, and gets its path back.
   */
  private static void removeDeadSocket(NbdAddress.Unix address) throws IOException {
    Path path = address.path();
    BasicFileAttributes attributes =
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!attributes.isOther()) {
      throw failure(address, "a file is there that is no socket; choose another path", null);
    }
    if (isLive(path)) {
      throw failure(address, "another server listens there; choose another path", null);
    }
    Path aside = path.resolveSibling(".dead-" + ProcessHandle.current().pid());
    Files.move(path, aside);
    if (isLive(aside)) {
      Files.move(aside, path);
      throw failure(address, "another server took the path just now", null);
    }
    Files.delete(aside);
  }

  private static boolean isLive(Path socket) throws IOException {
    try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      return client.isConnected();
    } catch (ConnectException e) {
      // Only "refused" says that nobody listens; "permission denied" may be anybody's.
      return !String.valueOf(e.getMessage()).contains("refused");
    }
  }

  private static Object fileKey(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .fileKey();
  }

  private static IOException failure(NbdAddress address, String reason, Exception cause) {
    return new IOException("cannot listen on " + address + ": " + reason, cause);
  }

  @Override
  public void close() throws IOException {
    channel.close();
    if (address instanceof NbdAddress.Unix unix && Files.exists(unix.path())) {
      if (fileKey.equals(fileKey(unix.path()))) {
        Files.delete(unix.path());
      }
    }
  }
}
