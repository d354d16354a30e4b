package io.zublk.bench;

import io.zublk.block.Errno;
import io.zublk.daemon.UserException;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * An NBD connection with one request at a time: the least that fills and verifies any server's
 * export. Numbers are the NBD protocol document's (doc/proto.md of the nbd project).
 */
final class NbdLane implements Lane {

  private static final long SERVER_MAGIC = 0x4e42444d41474943L; // "NBDMAGIC"
  private static final long OPTION_MAGIC = 0x49484156454f5054L; // "IHAVEOPT"
  private static final long OPTION_REPLY_MAGIC = 0x3e889045565a9L;
  private static final int REQUEST_MAGIC = 0x25609513;
  private static final int SIMPLE_REPLY_MAGIC = 0x67446698;

  private static final int FLAGS_FIXED_NEWSTYLE = 1;
  private static final int OPTION_GO = 7;
  private static final int REPLY_ACK = 1;
  private static final int REPLY_INFO = 3;
  private static final int INFO_EXPORT = 0;
  private static final int MAX_OPTION_REPLY_BYTES = 4096;

  private static final short COMMAND_READ = 0;
  private static final short COMMAND_WRITE = 1;
  private static final short COMMAND_DISCONNECT = 2;
  private static final int REQUEST_BYTES = 28;
  private static final int REPLY_BYTES = 16;
  private static final int DEFAULT_PORT = 10809;

  private final SocketChannel socket;
  private final ByteBuffer header = ByteBuffer.allocateDirect(REQUEST_BYTES);
  private long sizeBytes;

  private NbdLane(SocketChannel socket) {
    this.socket = socket;
  }

  /** Connects to an {@code nbd://} or {@code nbd+unix://} URI. */
  static NbdLane connect(String uri) throws IOException {
    URI parsed = URI.create(uri);
    SocketChannel socket = SocketChannel.open(address(parsed));
    try {
      if (!uri.startsWith("nbd+unix:")) {
        socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
      }
      NbdLane lane = new NbdLane(socket);
      String path = parsed.getPath() == null ? "" : parsed.getPath();
      lane.negotiate(path.startsWith("/") ? path.substring(1) : path);
      return lane;
    } catch (ClosedByInterruptException e) {
      throw new UserException("interrupted", e);
    } catch (Throwable t) {
      socket.close();
      throw t;
    }
  }

  private static SocketAddress address(URI uri) {
    if ("nbd+unix".equals(uri.getScheme())) {
      String query = uri.getQuery();
      if (query == null || !query.startsWith("socket=")) {
        throw new UserException("no socket in the URI '" + uri + "'");
      }
      return UnixDomainSocketAddress.of(query.substring("socket=".length()));
    }
    return new InetSocketAddress(uri.getHost(), uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort());
  }

  /** The export's size. */
  long sizeBytes() {
    return sizeBytes;
  }

  private void negotiate(String export) throws IOException {
    ByteBuffer greeting = receive(18);
    if (greeting.getLong() != SERVER_MAGIC || greeting.getLong() != OPTION_MAGIC) {
      throw new IOException("this is no NBD server");
    }
    byte[] name = export.getBytes(StandardCharsets.UTF_8);
    ByteBuffer go = ByteBuffer.allocate(4 + 16 + 4 + name.length + 2);
    go.putInt(FLAGS_FIXED_NEWSTYLE).putLong(OPTION_MAGIC).putInt(OPTION_GO);
    go.putInt(4 + name.length + 2).putInt(name.length).put(name).putShort((short) 0);
    send(go.flip());
    while (true) {
      ByteBuffer reply = receive(20);
      if (reply.getLong() != OPTION_REPLY_MAGIC || reply.getInt() != OPTION_GO) {
        throw new IOException("the NBD server answers out of turn");
      }
      int type = reply.getInt();
      int length = reply.getInt();
      if (length < 0 || length > MAX_OPTION_REPLY_BYTES) {
        throw new IOException("the NBD server's answer is too long");
      }
      ByteBuffer content = receive(length);
      if (type == REPLY_ACK) {
        return;
      }
      if (type != REPLY_INFO) {
        throw new IOException("the NBD server has no export '" + export + "'");
      }
      if (content.getShort() == INFO_EXPORT) {
        sizeBytes = content.getLong();
      }
    }
  }

  @Override
  public int read(long position, MemorySegment buffer, long offset, int length) {
    return request(COMMAND_READ, position, buffer.asSlice(offset, length).asByteBuffer());
  }

  @Override
  public int write(long position, MemorySegment buffer, long offset, int length) {
    return request(COMMAND_WRITE, position, buffer.asSlice(offset, length).asByteBuffer());
  }

  private int request(short command, long position, ByteBuffer content) {
    try {
      sendRequest(command, position, content.remaining());
      if (command == COMMAND_WRITE) {
        send(content);
      }
      header.clear().limit(REPLY_BYTES);
      receive(header);
      int magic = header.getInt();
      int error = header.getInt();
      if (magic != SIMPLE_REPLY_MAGIC) {
        return -Errno.EIO;
      }
      if (error == 0 && command == COMMAND_READ) {
        receive(content);
      }
      return -error;
    } catch (IOException e) {
      return -Errno.EIO;
    }
  }

  private void sendRequest(short command, long position, int length) throws IOException {
    header.clear();
    header.putInt(REQUEST_MAGIC).putShort((short) 0).putShort(command);
    header.putLong(0).putLong(position).putInt(length);
    send(header.flip());
  }

  private void send(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      socket.write(bytes);
    }
  }

  private ByteBuffer receive(int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    receive(bytes);
    return bytes;
  }

  private void receive(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      if (socket.read(bytes) < 0) {
        throw new EOFException("the NBD server closed the connection");
      }
    }
    bytes.flip();
  }

  @Override
  public void close() {
    try {
      sendRequest(COMMAND_DISCONNECT, 0, 0);
      socket.close();
    } catch (IOException e) {
      // The server was quicker.
    }
  }
}
