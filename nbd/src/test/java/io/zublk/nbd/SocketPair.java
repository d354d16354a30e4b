package io.zublk.nbd;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** Two connected sockets. */
record SocketPair(SocketChannel here, SocketChannel there) implements AutoCloseable {

  SocketPair(Path path) throws IOException {
    this(connect(path));
  }

  private SocketPair(SocketChannel[] both) {
    this(both[0], both[1]);
  }

  private static SocketChannel[] connect(Path path) throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(address);
      SocketChannel there = SocketChannel.open(address);
      return new SocketChannel[] {server.accept(), there};
    }
  }

  @Override
  public void close() throws IOException {
    here.close();
    there.close();
  }
}
