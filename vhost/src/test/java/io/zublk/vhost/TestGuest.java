package io.zublk.vhost;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.zublk.uring.sys.EventCount;
import io.zublk.uring.sys.FileMessages;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.LinuxSocket;
import io.zublk.uring.sys.Memory;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

/** A client in this process. It says what it is told to, also what no honest client says. */
public final class TestGuest implements AutoCloseable {

  /** Where its memory is, in its own opinion. */
  public static final long GUEST_BASE = 0x1_0000_0000L;

  public static final long USER_BASE = 0x7f00_0000_0000L;

  static final long INDIRECT_DESC = 1L << 28;
  static final long EVENT_IDX = 1L << 29;
  static final long PROTOCOL_FEATURES = 1L << 30;
  static final long VERSION_1 = 1L << 32;

  static final long MQ = 1;
  static final long REPLY_ACK = 1 << 3;
  static final long BACKEND_REQ = 1 << 5;
  static final long CONFIG = 1 << 9;
  static final long INFLIGHT = 1 << 12;
  static final long MEM_SLOTS = 1 << 15;

  private LinuxSocket socket;
  private FileMessages messages;
  private final MemorySegment buffer = Arena.ofAuto().allocate(8192, 8);
  private final LinuxFile file;
  private final MemorySegment memory;
  private LinuxFile inflightFile;
  private MemorySegment inflightArea;

  private TestGuest(Path path, long memoryBytes) throws IOException {
    connect(path);
    file = LinuxFile.memory("guest", 0);
    file.truncate(memoryBytes);
    memory = Memory.mapShared(file, 0, memoryBytes);
  }

  static TestGuest connect(Path path, long memoryBytes) throws IOException {
    return new TestGuest(path, memoryBytes);
  }

  private void connect(Path path) throws IOException {
    socket = LinuxSocket.connect(UnixDomainSocketAddress.of(path));
    socket.setReceiveTimeout(20_000);
    socket.setSendTimeout(20_000);
    messages = new FileMessages(socket, 8);
  }

  /** Agrees on some features beside those that any client wants, and shows all of its memory. */
  public static TestGuest ready(Path path, long memoryBytes, long features) throws IOException {
    TestGuest guest = connect(path, memoryBytes);
    guest.getReady(features);
    return guest;
  }

  private void getReady(long features) throws IOException {
    negotiate(VERSION_1 | features, MQ | REPLY_ACK | BACKEND_REQ | CONFIG | INFLIGHT | MEM_SLOTS);
    addMemory();
  }

  /** Has the server note in a file, which it makes, what it has taken of one ring. */
  public LinuxFile keepInflight(int ringSize) throws IOException {
    long[] wanted = {0, 0, 1 | (long) ringSize << 16};
    send(31, 1, 20, MemorySegment.ofArray(wanted).asSlice(0, 20));
    inflightArea = receive(31);
    inflightFile = LinuxFile.adopt("area", lastFile());
    sendInflight();
    return inflightFile;
  }

  private void sendInflight() throws IOException {
    send(32, 1, 20, inflightArea, inflightFile.fd());
  }

  /** Connects to another server with the memory, and the notes, that the last one has left. */
  public void comeAgain(Path path) throws IOException {
    socket.close();
    connect(path);
    getReady(0);
    sendInflight();
  }

  public MemorySegment memory() {
    return memory;
  }

  LinuxFile file() {
    return file;
  }

  void negotiate(long features, long protocolFeatures) throws IOException {
    tell(2, features | PROTOCOL_FEATURES);
    tell(16, protocolFeatures);
    tell(3);
  }

  void addMemory() throws IOException {
    require(askU64(37, region(0, memory.byteSize()), file.fd()) == 0, "ADD_MEM_REG");
  }

  /** The argument of ADD_MEM_REG and REM_MEM_REG for a part of its memory. */
  static long[] region(long offset, long bytes) {
    return new long[] {0, GUEST_BASE + offset, bytes, USER_BASE + offset, offset};
  }

  /** Starts a ring that lies at an offset of its memory. */
  void startRing(int queue, int size, TestRing ring, EventCount kick, EventCount call)
      throws IOException {
    setUpRing(queue, size, ring);
    tell(new long[] {queue}, 13, call.fd());
    tell(new long[] {queue}, 12, kick.fd());
    enable(queue, true);
  }

  void setUpRing(int queue, int size, TestRing ring) throws IOException {
    tell(8, queue | (long) size << 32);
    tell(10, queue | (long) ring.next() << 32);
    tell(
        9,
        queue,
        USER_BASE + ring.descriptorsAt(),
        USER_BASE + ring.usedAt(),
        USER_BASE + ring.availableAt(),
        0);
  }

  void enable(int queue, boolean on) throws IOException {
    require(askU64(18, new long[] {queue | (on ? 1L << 32 : 0)}) == 0, "SET_VRING_ENABLE");
  }

  /** GET_VRING_BASE. */
  int stopRing(int queue) throws IOException {
    return (int) (askU64(11, new long[] {queue}) >>> 32);
  }

  /** The device's size as the configuration tells it, in bytes. */
  long readSize() throws IOException {
    MemorySegment asked = MemorySegment.ofArray(new byte[12 + 60]);
    asked.set(JAVA_INT_UNALIGNED, 4, 60);
    send(24, 1, 72, asked);
    return receive(24).get(JAVA_LONG_UNALIGNED, 12) * 512;
  }

  /** Wants to hear of changes, at the socket that is returned. */
  LinuxSocket listen() throws IOException {
    LinuxSocket[] pair = LinuxSocket.pair();
    require(askU64(21, new long[] {}, pair[1].fd()) == 0, "SET_BACKEND_REQ_FD");
    pair[1].close();
    return pair[0];
  }

  private static void require(boolean condition, String what) throws IOException {
    if (!condition) {
      throw new IOException(what + " was refused");
    }
  }

  // ---- messages

  void tell(int request, long... words) throws IOException {
    send(request, 1, words);
  }

  void tell(long[] words, int request, int fd) throws IOException {
    send(request, 1, words, fd);
  }

  /** Asks, and returns the first word of the reply; an acknowledgement, where there is no other. */
  long askU64(int request, long[] words, int... fds) throws IOException {
    send(request, 1 | 8, words, fds);
    return receive(request).get(JAVA_LONG_UNALIGNED, 0);
  }

  void send(int request, int flags, long[] words, int... fds) throws IOException {
    MemorySegment payload = MemorySegment.ofArray(words);
    send(request, flags, (int) payload.byteSize(), payload, fds);
  }

  void send(int request, int flags, int size, MemorySegment payload, int... fds)
      throws IOException {
    MemorySegment bytes = buffer.asSlice(0, 12 + payload.byteSize());
    bytes.set(JAVA_INT, 0, request);
    bytes.set(JAVA_INT, 4, flags);
    bytes.set(JAVA_INT, 8, size);
    bytes.asSlice(12).copyFrom(payload);
    messages.send(bytes, fds);
  }

  /** Receives the reply to a request; its file, if it has one, is {@link #lastFile}. */
  MemorySegment receive(int request) throws IOException {
    receiveAll(0, 12);
    int size = buffer.get(JAVA_INT, 8);
    if (buffer.get(JAVA_INT, 0) != request || buffer.get(JAVA_INT, 4) != 5) {
      throw new IOException("a reply to " + buffer.get(JAVA_INT_UNALIGNED, 0));
    }
    if (size > 0) {
      receiveAll(12, size);
    }
    return MemorySegment.ofArray(buffer.asSlice(12, size).toArray(JAVA_BYTE));
  }

  private int lastFile = -1;

  int lastFile() {
    return lastFile;
  }

  private void receiveAll(int offset, int length) throws IOException {
    int done = 0;
    while (done < length) {
      int received = messages.receive(buffer, offset + done, length - done);
      if (received <= 0) {
        throw new EOFException("the server hung up: " + received);
      }
      if (messages.files() > 0) {
        lastFile = messages.file(0);
      }
      done += received;
    }
  }

  /** Leaves, as one does that was killed. */
  @Override
  public void close() {
    socket.close();
    file.close();
    Memory.unmap(memory);
  }
}
