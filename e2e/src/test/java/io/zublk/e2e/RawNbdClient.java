package io.zublk.e2e;

import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** A client that does what no real one would: numbers are those of the NBD protocol document. */
final class RawNbdClient implements AutoCloseable {

  static final int READ = 0;
  static final int WRITE = 1;

  private static final int REQUEST_BYTES = 28;
  private static final int EXPORT_NAME = 1;

  private final SocketChannel channel;

  /** Connects, and says nothing. */
  RawNbdClient(Path socket) throws IOException {
    channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
  }

  /** A client of the default export, without structured replies. */
  static RawNbdClient connected(Path socket) throws IOException {
    RawNbdClient client = new RawNbdClient(socket);
    client.receive(18);
    ByteBuffer choice = ByteBuffer.allocate(20).putInt(3); // fixed newstyle, no zeroes
    client.send(choice.putLong(0x49484156454f5054L).putInt(EXPORT_NAME).putInt(0).flip());
    client.receive(10);
    return client;
  }

  /** Sends {@code count} equal requests, without data. */
  void ask(int count, int type, long position, int length) throws IOException {
    ByteBuffer requests = ByteBuffer.allocate(count * REQUEST_BYTES);
    for (int i = 0; i < count; i++) {
      requests.putInt(0x25609513).putInt(type).putLong(i).putLong(position).putInt(length);
    }
    send(requests.flip());
  }

  /** Takes a reply and the data behind it, if it is no error; returns the error or 0. */
  int takeReply(int dataBytes) throws IOException {
    int error = receive(16).getInt(4);
    if (error == 0) {
      receive(dataBytes);
    }
    return error;
  }

  void send(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  ByteBuffer receive(int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes) < 0) {
        throw new EOFException("the server hung up");
      }
    }
    return bytes.flip();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
