package io.zublk.vhost.protocol;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.FileMessages;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxSocket;
import io.zublk.uring.sys.Syscall;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A client's connection: one message after the other, and the files that come with them. */
final class ClientSocket implements AutoCloseable {

  /** How long the rest of a message may take, in milliseconds; it comes in one piece, mostly. */
  private static final int MESSAGE_MILLIS = 5000;

  /**
   * How long a client may leave its replies where they are until nothing more has room, in
   * milliseconds. One that asks takes its reply before it asks again, so none ever waits.
   */
  private static final int REPLY_MILLIS = 100;

  private final LinuxSocket socket;
  private final FileMessages messages;
  private final MemorySegment bytes =
      Arena.ofAuto().allocate(VhostUser.HEADER_BYTES + VhostUser.MAX_PAYLOAD_BYTES, Long.BYTES);
  private final int[] files = new int[VhostUser.MAX_FILES];

  ClientSocket(LinuxSocket socket) throws LinuxException {
    this.socket = socket;
    this.messages = new FileMessages(socket, VhostUser.MAX_FILES);
    socket.setReceiveTimeout(MESSAGE_MILLIS);
    socket.setSendTimeout(REPLY_MILLIS);
  }

  /**
   * Receives a message. Its files are its taker's to close.
   *
   * @throws EOFException if the client has left
   */
  Message receive() throws IOException {
    int count = receiveHeader();
    try {
      int flags = bytes.get(JAVA_INT, VhostUser.FLAGS_AT);
      int size = bytes.get(JAVA_INT, VhostUser.SIZE_AT);
      if ((flags & VhostUser.VERSION_MASK) != VhostUser.VERSION) {
        throw new ProtocolException("a message of another version, flags " + flags);
      }
      if (size < 0 || size > VhostUser.MAX_PAYLOAD_BYTES) {
        throw new ProtocolException("a message of " + Integer.toUnsignedString(size) + " bytes");
      }
      receiveAll(VhostUser.HEADER_BYTES, size);
      int[] own = new int[count];
      System.arraycopy(files, 0, own, 0, count);
      MemorySegment payload = MemorySegment.ofArray(new byte[size]);
      payload.copyFrom(bytes.asSlice(VhostUser.HEADER_BYTES, size));
      return new Message(bytes.get(JAVA_INT, 0), flags, payload, own);
    } catch (IOException | RuntimeException | Error e) {
      for (int i = 0; i < count; i++) {
        Message.close(files[i]);
      }
      throw e;
    }
  }

  /** Returns how many files came with its first bytes. */
  private int receiveHeader() throws IOException {
    int received = received(messages.receive(bytes, 0, VhostUser.HEADER_BYTES));
    int count = messages.files();
    for (int i = 0; i < count; i++) {
      files[i] = messages.file(i);
    }
    try {
      receiveAll(received, VhostUser.HEADER_BYTES - received);
      return count;
    } catch (IOException e) {
      for (int i = 0; i < count; i++) {
        Message.close(files[i]);
      }
      throw e;
    }
  }

  // Files belong to the first byte of a message; others are none of ours.
  private void receiveAll(long offset, int length) throws IOException {
    int done = 0;
    while (done < length) {
      done += received(messages.receive(bytes, offset + done, length - done));
      messages.closeFiles();
    }
  }

  private static int received(int result) throws IOException {
    if (result == 0 || result == -Errnos.ECONNRESET) {
      throw new EOFException("the client has left");
    }
    if (result == -Errnos.EAGAIN) {
      throw new ProtocolException("the rest of a message did not come");
    }
    return (int) Syscall.check("recvmsg", result);
  }

  /**
   * Answers a message; the files stay open here.
   *
   * @throws LinuxException if the client is gone, or takes no replies
   */
  void reply(int request, MemorySegment payload, int... fds) throws LinuxException {
    MemorySegment reply = bytes.asSlice(0, VhostUser.HEADER_BYTES + payload.byteSize());
    reply.set(JAVA_INT, 0, request);
    reply.set(JAVA_INT, VhostUser.FLAGS_AT, VhostUser.VERSION | VhostUser.REPLY);
    reply.set(JAVA_INT, VhostUser.SIZE_AT, (int) payload.byteSize());
    reply.asSlice(VhostUser.HEADER_BYTES).copyFrom(payload);
    messages.send(reply, fds);
  }

  @Override
  public void close() {
    socket.close();
  }
}
