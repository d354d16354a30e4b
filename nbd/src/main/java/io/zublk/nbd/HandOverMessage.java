package io.zublk.nbd;

import io.zublk.nbd.NbdHandOver.Served;
import io.zublk.nbd.Negotiation.Step;
import io.zublk.uring.sys.LinuxSocket;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A hand-over as bytes and files on a unix socket. Numbers are big-endian.
 *
 * <pre>
 *   message: "zublkNBD" | version : 4 | bytes of the body : 4 | clients : 4 | files | body
 *   files:   the listening socket's and then each client's, 253 at a time with one byte of data
 *   body:    address | file key | export's name | size : 8 | read-only : 1 | client ...
 *   client:  1 | structured : 1 | block status : 1 | received
 *            0 | next step : 1 | no zeroes : 1 | structured : 1 | 1 and context's export, or 0 | received
 *   others:  length : 4 | bytes
 * </pre>
 */
final class HandOverMessage {

  static final int VERSION = 1;

  private static final byte[] MAGIC = "zublkNBD".getBytes(StandardCharsets.US_ASCII);
  private static final int HEADER_BYTES = 20;
  private static final int NEGOTIATION = 0;
  private static final int SESSION = 1;

  /** Beside what was received: an address, a key and a name, or the name of a context's export. */
  private static final int MAX_TEXT_BYTES = NbdProtocol.MAX_STRING_BYTES;

  private static final int MAX_CLIENT_BYTES =
      StoppedClient.MAX_RECEIVED_BYTES + MAX_TEXT_BYTES + 16;
  private static final long MAX_BODY_BYTES =
      4L * MAX_TEXT_BYTES + (long) NbdOptions.MOST_CONNECTIONS * MAX_CLIENT_BYTES;

  static {
    assert MAX_BODY_BYTES <= Integer.MAX_VALUE;
  }

  private HandOverMessage() {}

  // ---- on the wire

  static void send(NbdHandOver handOver, LinuxSocket to) throws IOException {
    byte[] body = encode(handOver);
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
    header.put(MAGIC).putInt(VERSION).putInt(body.length).putInt(handOver.count());
    sendBytes(header.array(), to);
    int[] fds = new int[1 + handOver.count()];
    fds[0] = handOver.listener().fd();
    for (int i = 0; i < handOver.count(); i++) {
      fds[1 + i] = handOver.clients().get(i).socket().fd();
    }
    for (int i = 0; i < fds.length; i += LinuxSocket.MAX_FILES) {
      to.sendFiles(Arrays.copyOfRange(fds, i, Math.min(i + LinuxSocket.MAX_FILES, fds.length)));
    }
    sendBytes(body, to);
  }

  static NbdHandOver receive(LinuxSocket from) throws IOException {
    ByteBuffer header = ByteBuffer.wrap(receiveBytes(HEADER_BYTES, from));
    byte[] magic = new byte[MAGIC.length];
    header.get(magic);
    int version = header.getInt();
    int bytes = header.getInt();
    int clients = header.getInt();
    if (!Arrays.equals(magic, MAGIC)) {
      throw new IOException("what came is no hand-over of an NBD server");
    }
    if (version != VERSION) {
      throw new IOException(
          "the hand-over is of version " + version + "; this program knows " + VERSION);
    }
    if (bytes < 0
        || bytes > MAX_BODY_BYTES
        || clients < 0
        || clients > NbdOptions.MOST_CONNECTIONS) {
      throw new IOException("a hand-over of " + clients + " clients in " + bytes + " bytes");
    }
    List<LinuxSocket> sockets = new ArrayList<>();
    try {
      receiveSockets(1 + clients, from, sockets);
      return decode(receiveBytes(bytes, from), sockets);
    } catch (IOException | RuntimeException | Error e) {
      sockets.forEach(LinuxSocket::close);
      throw e;
    }
  }

  private static void receiveSockets(int count, LinuxSocket from, List<LinuxSocket> sockets)
      throws IOException {
    while (sockets.size() < count) {
      int next = Math.min(count - sockets.size(), LinuxSocket.MAX_FILES);
      for (int fd : from.receiveFiles(next)) {
        sockets.add(LinuxSocket.adopt(sockets.isEmpty() ? "listener" : "client", fd));
      }
    }
  }

  private static void sendBytes(byte[] bytes, LinuxSocket to) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      to.sendAll(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes));
    }
  }

  private static byte[] receiveBytes(int length, LinuxSocket from) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length);
      from.receiveAll(bytes);
      return bytes.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  // ---- the body

  static byte[] encode(NbdHandOver handOver) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream body = new DataOutputStream(bytes);
    putText(handOver.address().toString(), body);
    putText(handOver.fileKey(), body);
    putText(handOver.export().name(), body);
    body.writeLong(handOver.export().sizeBytes());
    body.writeBoolean(handOver.export().readOnly());
    for (StoppedClient client : handOver.clients()) {
      putStage(client.stage(), body);
      putBytes(client.received(), body);
    }
    return bytes.toByteArray();
  }

  private static void putStage(Stage stage, DataOutputStream body) throws IOException {
    switch (stage) {
      case Session session -> {
        body.write(SESSION);
        body.writeBoolean(session.structured());
        body.writeBoolean(session.blockStatus());
      }
      case Negotiation negotiation -> {
        body.write(NEGOTIATION);
        body.write(numberOf(negotiation.next()));
        body.writeBoolean(negotiation.noZeroes());
        body.writeBoolean(negotiation.structured());
        body.writeBoolean(negotiation.contextExport() != null);
        if (negotiation.contextExport() != null) {
          putText(negotiation.contextExport(), body);
        }
      }
    }
  }

  private static void putText(String text, DataOutputStream body) throws IOException {
    putBytes(text.getBytes(StandardCharsets.UTF_8), body);
  }

  private static void putBytes(byte[] bytes, DataOutputStream body) throws IOException {
    body.writeInt(bytes.length);
    body.write(bytes);
  }

  /**
   * Reads a body.
   *
   * @param sockets the listening one, and those of the clients
   * @throws IOException if it is none
   */
  static NbdHandOver decode(byte[] bytes, List<LinuxSocket> sockets) throws IOException {
    DataInputStream body = new DataInputStream(new ByteArrayInputStream(bytes));
    NbdAddress address = address(text(body));
    String fileKey = text(body);
    Served export = new Served(text(body), body.readLong(), flag(body));
    List<StoppedClient> clients = new ArrayList<>();
    for (LinuxSocket socket : sockets.subList(1, sockets.size())) {
      Stage stage = stage(body);
      int most =
          stage instanceof Session ? StoppedClient.MAX_RECEIVED_BYTES : Handshake.MAX_MESSAGE_BYTES;
      clients.add(new StoppedClient(socket, stage, bytes(most, body)));
    }
    if (body.available() > 0) {
      throw damaged();
    }
    return new NbdHandOver(sockets.getFirst(), address, fileKey, export, clients);
  }

  private static NbdAddress address(String text) throws IOException {
    try {
      return NbdAddress.parse(text);
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static Stage stage(DataInputStream body) throws IOException {
    int kind = body.readUnsignedByte();
    if (kind == SESSION) {
      return new Session(flag(body), flag(body));
    }
    if (kind != NEGOTIATION) {
      throw damaged();
    }
    return new Negotiation(
        step(body.readUnsignedByte()), flag(body), flag(body), flag(body) ? text(body) : null);
  }

  private static int numberOf(Step step) {
    return switch (step) {
      case GREETING -> 0;
      case CLIENT_FLAGS -> 1;
      case OPTIONS -> 2;
    };
  }

  private static Step step(int number) throws IOException {
    return switch (number) {
      case 0 -> Step.GREETING;
      case 1 -> Step.CLIENT_FLAGS;
      case 2 -> Step.OPTIONS;
      default -> throw damaged();
    };
  }

  private static boolean flag(DataInputStream body) throws IOException {
    int value = body.readUnsignedByte();
    if (value > 1) {
      throw damaged();
    }
    return value == 1;
  }

  private static String text(DataInputStream body) throws IOException {
    return new String(bytes(MAX_TEXT_BYTES, body), StandardCharsets.UTF_8);
  }

  private static byte[] bytes(int most, DataInputStream body) throws IOException {
    int length = body.readInt();
    if (length < 0 || length > most || length > body.available()) {
      throw damaged();
    }
    return body.readNBytes(length);
  }

  private static IOException damaged() {
    return new IOException("the hand-over is damaged");
  }
}
