package io.zublk.nbd;

import io.zublk.block.ThreadCounters;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;

/**
 * The bytes that came from a client and are not used up yet: from {@link #head} to {@link #tail} of
 * the current buffer. One read brings as many requests as the socket has and the buffer can hold.
 */
final class Receiver {

  /** Less room than this at the end of a buffer is not worth a system call, in bytes. */
  private static final int WORTHWHILE_BYTES = 4096;

  private final ClientSocket socket;
  private final ConnectionMemory memory;
  private final ReplyWriter writer;
  private final ReplyBuffer replies;
  private final ThreadCounters<Counter> counters;
  private TransferBuffer buffer;
  private int head;
  private int tail;

  /** Comes before them if the connection is stopped, or null. */
  private Request unfinished;

  /** Receives from a client whose answered requests wait in {@code replies}. */
  Receiver(
      ClientSocket socket,
      ConnectionMemory memory,
      ReplyWriter writer,
      ReplyBuffer replies,
      ThreadCounters<Counter> counters) {
    this.socket = socket;
    this.memory = memory;
    this.writer = writer;
    this.replies = replies;
    this.counters = counters;
    this.buffer = memory.take();
  }

  /** Begins with bytes that were received before, at most a buffer full. */
  void putFirst(byte[] received) {
    MemorySegment.copy(received, 0, buffer.segment(), ValueLayout.JAVA_BYTE, 0, received.length);
    tail = received.length;
  }

  /** Makes what is left of a WRITE the first of what was received and not used. */
  void putBack(Request rest) {
    unfinished = rest;
  }

  /** What was received and not used. */
  byte[] unused() {
    int headerBytes = unfinished == null ? 0 : NbdProtocol.REQUEST_BYTES;
    byte[] unused = new byte[headerBytes + available()];
    if (unfinished != null) {
      unfinished.encode(ByteBuffer.wrap(unused));
    }
    MemorySegment.copy(
        buffer.segment(), ValueLayout.JAVA_BYTE, head, unused, headerBytes, available());
    return unused;
  }

  /** Whether the server wants the connection to stop. */
  boolean isToStop() {
    return socket.isToStop();
  }

  /** Where the unused bytes lie; valid until the next {@link #receive}. */
  TransferBuffer buffer() {
    return buffer;
  }

  ByteBuffer bytes() {
    return buffer.bytes();
  }

  int head() {
    return head;
  }

  int available() {
    return tail - head;
  }

  void consume(int length) {
    head += length;
  }

  /** Whether the buffer still has room for a worthwhile read. */
  boolean hasRoom() {
    return TransferBuffer.CAPACITY_BYTES - tail >= WORTHWHILE_BYTES;
  }

  /** Whether workers may keep the current buffer: another one is there to go on with. */
  boolean mayShare() {
    return memory.hasUnused();
  }

  /**
   * Waits for bytes and adds them to the available ones; whatever is answered is sent before.
   *
   * @param mayStop whether the server may stop the connection here
   * @return false if the client sends no more
   * @throws StoppedException if the server did
   */
  boolean receive(boolean mayStop) throws IOException {
    if (replies.waiting() > 0) {
      writer.send(replies);
    }
    if (!hasRoom()) {
      makeRoom();
    }
    if (head == tail && !buffer.isShared()) {
      head = 0;
      tail = 0;
    }
    int room = TransferBuffer.CAPACITY_BYTES - tail;
    int count = socket.receive(buffer.segment(), tail, room, mayStop);
    counters.add(Counter.SOCKET_READS, 1);
    tail += count;
    return count > 0;
  }

  /** Moves the available bytes to the beginning of a buffer that nobody else uses. */
  private void makeRoom() {
    TransferBuffer full = buffer;
    if (full.isShared()) {
      buffer = memory.take();
    }
    MemorySegment.copy(
        full.segment(),
        ValueLayout.JAVA_BYTE,
        head,
        buffer.segment(),
        ValueLayout.JAVA_BYTE,
        0,
        available());
    tail = available();
    head = 0;
    if (buffer != full) {
      memory.release(full);
    }
  }

  /** Gives its memory back. */
  void close() {
    memory.release(buffer);
  }
}
