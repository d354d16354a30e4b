package io.zublk.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A client that says exactly what a test tells it to, right or wrong, and trusts no reply. */
@SuppressWarnings("ArrayRecordComponent") // carriers of bytes, never compared as a whole
final class NbdTestClient implements AutoCloseable {

  /** An answer to an option. */
  record OptionReply(int option, int type, byte[] data) {}

  /** The whole answer to a request. */
  record Reply(long cookie, int error, byte[] data, List<Extent> extents, int chunks, int holes) {}

  record Extent(long length, int flags) {}

  /** A request whose answer is not complete yet. */
  private static final class Pending {
    final int type;
    final long position;
    final byte[] data;
    final boolean[] covered;
    final List<Extent> extents = new ArrayList<>();
    int error;
    int chunks;
    int holes;

    Pending(int type, long position, int length) {
      this.type = type;
      this.position = position;
      this.data = new byte[type == NbdProtocol.CMD_READ ? length : 0];
      this.covered = new boolean[data.length];
    }

    /** Every byte comes at most once, and only bytes that were asked for. */
    void cover(int at, int length) {
      require(length > 0);
      for (int i = at; i < at + length; i++) {
        require(!covered[i]);
        covered[i] = true;
      }
    }
  }

  private final SocketChannel channel;
  private final Map<Long, Pending> pending = new ConcurrentHashMap<>();

  /** Sends requests, so that the client can take replies meanwhile, as every real client does. */
  private final ExecutorService sender =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());

  private long nextCookie = 0x1234_5678_9abc_0000L;

  NbdTestClient(NbdAddress address) throws IOException {
    channel = SocketChannel.open(address.socketAddress());
    if (address instanceof NbdAddress.Tcp) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    }
  }

  /** A client in the transmission phase of the default export. */
  static NbdTestClient connect(NbdAddress address, boolean structured) throws IOException {
    NbdTestClient client = new NbdTestClient(address);
    client.greet(3);
    if (structured) {
      client.expectAck(NbdProtocol.OPT_STRUCTURED_REPLY, new byte[0]);
      client.expectAck(NbdProtocol.OPT_SET_META_CONTEXT, metaContext("", "base:allocation"));
    }
    client.expectAck(NbdProtocol.OPT_GO, go(""));
    return client;
  }

  SocketChannel channel() {
    return channel;
  }

  // ---- handshake

  /** Takes the server's greeting and answers it; returns the handshake flags. */
  int greet(int clientFlags) throws IOException {
    ByteBuffer greeting = receive(18);
    if (greeting.getLong() != NbdProtocol.MAGIC || greeting.getLong() != NbdProtocol.OPTION_MAGIC) {
      throw new AssertionError("not a newstyle greeting");
    }
    sendBytes(ByteBuffer.allocate(4).putInt(clientFlags).flip());
    return greeting.getShort();
  }

  void sendOption(int option, byte[] data) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(16 + data.length);
    bytes.putLong(NbdProtocol.OPTION_MAGIC).putInt(option).putInt(data.length).put(data);
    sendBytes(bytes.flip());
  }

  /** Sends an option and takes all its replies; the last is an ACK or an error. */
  List<OptionReply> option(int option, byte[] data) throws IOException {
    sendOption(option, data);
    List<OptionReply> replies = new ArrayList<>();
    while (true) {
      OptionReply reply = receiveOptionReply();
      if (reply.option() != option) {
        throw new AssertionError("a reply to option " + reply.option());
      }
      replies.add(reply);
      if (reply.type() == NbdProtocol.REP_ACK || reply.type() < 0) {
        return replies;
      }
    }
  }

  OptionReply receiveOptionReply() throws IOException {
    ByteBuffer header = receive(20);
    if (header.getLong() != NbdProtocol.OPTION_REPLY_MAGIC) {
      throw new AssertionError("an option reply without the magic number");
    }
    int option = header.getInt();
    int type = header.getInt();
    return new OptionReply(option, type, receive(header.getInt()).array());
  }

  private void expectAck(int option, byte[] data) throws IOException {
    List<OptionReply> replies = option(option, data);
    if (replies.getLast().type() != NbdProtocol.REP_ACK) {
      throw new AssertionError("option " + option + " failed: " + replies.getLast());
    }
  }

  static byte[] go(String name, int... infos) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer data = ByteBuffer.allocate(4 + bytes.length + 2 + 2 * infos.length);
    data.putInt(bytes.length).put(bytes).putShort((short) infos.length);
    for (int info : infos) {
      data.putShort((short) info);
    }
    return data.array();
  }

  static byte[] metaContext(String name, String... queries) {
    ByteBuffer data = ByteBuffer.allocate(1 << 16);
    putString(data, name);
    data.putInt(queries.length);
    for (String query : queries) {
      putString(data, query);
    }
    byte[] bytes = new byte[data.position()];
    data.get(0, bytes);
    return bytes;
  }

  private static void putString(ByteBuffer data, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    data.putInt(bytes.length).put(bytes);
  }

  // ---- transmission

  /** Sends a request and remembers that its reply is due; returns its cookie. */
  long send(int type, int flags, long position, long length, byte[] payload) throws IOException {
    long cookie = nextCookie++;
    pending.put(
        cookie, new Pending(type, position, (int) Math.min(length & 0xffff_ffffL, 64 << 20)));
    ByteBuffer bytes = ByteBuffer.allocate(NbdProtocol.REQUEST_BYTES + payload.length);
    bytes.putInt(NbdProtocol.REQUEST_MAGIC).putShort((short) flags).putShort((short) type);
    bytes.putLong(cookie).putLong(position).putInt((int) length).put(payload);
    bytes.flip();
    sender.execute(() -> sendQuietly(bytes));
    return cookie;
  }

  /** Sends a request, and takes replies until its own is complete. */
  Reply call(int type, int flags, long position, long length, byte[] payload) throws IOException {
    long cookie = send(type, flags, position, length, payload);
    Reply reply = receiveReply();
    if (reply.cookie() != cookie) {
      throw new AssertionError("a reply to another request");
    }
    return reply;
  }

  Reply read(long position, int length) throws IOException {
    return call(NbdProtocol.CMD_READ, 0, position, length, new byte[0]);
  }

  Reply write(long position, byte[] data) throws IOException {
    return call(NbdProtocol.CMD_WRITE, 0, position, data.length, data);
  }

  /** Takes messages until some request is answered. */
  Reply receiveReply() throws IOException {
    while (true) {
      int magic = receive(4).getInt();
      Reply reply =
          switch (magic) {
            case NbdProtocol.SIMPLE_REPLY_MAGIC -> receiveSimple();
            case NbdProtocol.STRUCTURED_REPLY_MAGIC -> receiveChunk();
            default -> throw new AssertionError("no reply: 0x" + Integer.toHexString(magic));
          };
      if (reply != null) {
        return reply;
      }
    }
  }

  private Reply receiveSimple() throws IOException {
    ByteBuffer header = receive(12);
    int error = header.getInt();
    long cookie = header.getLong();
    Pending request = known(cookie);
    request.error = error;
    if (error == 0 && request.type == NbdProtocol.CMD_READ) {
      receive(request.data.length).get(request.data);
    }
    return complete(cookie, request);
  }

  private Reply receiveChunk() throws IOException {
    ByteBuffer header = receive(16);
    int flags = header.getShort();
    int type = header.getShort() & 0xffff;
    long cookie = header.getLong();
    ByteBuffer payload = receive(header.getInt());
    Pending request = known(cookie);
    request.chunks++;
    switch (type) {
      case NbdProtocol.REPLY_TYPE_NONE -> require(flags == NbdProtocol.REPLY_FLAG_DONE);
      case NbdProtocol.REPLY_TYPE_OFFSET_DATA -> {
        int at = (int) (payload.getLong() - request.position);
        request.cover(at, payload.remaining());
        payload.get(request.data, at, payload.remaining());
      }
      case NbdProtocol.REPLY_TYPE_OFFSET_HOLE -> {
        request.holes++;
        request.cover((int) (payload.getLong() - request.position), payload.getInt());
      }
      case NbdProtocol.REPLY_TYPE_BLOCK_STATUS -> {
        require(payload.getInt() == NbdProtocol.BASE_ALLOCATION_ID);
        while (payload.hasRemaining()) {
          request.extents.add(new Extent(payload.getInt() & 0xffff_ffffL, payload.getInt()));
        }
      }
      case NbdProtocol.REPLY_TYPE_ERROR, NbdProtocol.REPLY_TYPE_ERROR_OFFSET ->
          request.error = payload.getInt();
      default -> throw new AssertionError("chunk type " + type);
    }
    if ((flags & NbdProtocol.REPLY_FLAG_DONE) == 0) {
      return null;
    }
    if (request.error == 0) {
      for (boolean covered : request.covered) {
        require(covered);
      }
    }
    return complete(cookie, request);
  }

  private Pending known(long cookie) {
    Pending request = pending.get(cookie);
    if (request == null) {
      throw new AssertionError("a reply to a request that was never sent, or is answered");
    }
    return request;
  }

  private Reply complete(long cookie, Pending request) {
    pending.remove(cookie);
    return new Reply(
        cookie, request.error, request.data, request.extents, request.chunks, request.holes);
  }

  private static void require(boolean condition) {
    if (!condition) {
      throw new AssertionError("the reply breaks the protocol");
    }
  }

  // ---- bytes

  /** Waits until all requests are sent, and tells the server that there will be no more. */
  void endSending() throws IOException {
    sender.close();
    channel.shutdownOutput();
  }

  /** A lost connection shows when the reply does not come. */
  private void sendQuietly(ByteBuffer bytes) {
    try {
      sendBytes(bytes);
    } catch (IOException e) {
      // see above
    }
  }

  void sendBytes(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Takes exactly so many bytes. */
  ByteBuffer receive(int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes) < 0) {
        throw new EOFException("the server hung up");
      }
    }
    return bytes.flip();
  }

  /** Whether the server hangs up without another byte. */
  boolean isHungUp() throws IOException {
    try {
      return channel.read(ByteBuffer.allocate(1)) < 0;
    } catch (java.net.SocketException e) {
      return true; // reset: the server did not want to read what was sent
    }
  }

  @Override
  public void close() throws IOException {
    sender.shutdownNow();
    channel.close();
  }
}
