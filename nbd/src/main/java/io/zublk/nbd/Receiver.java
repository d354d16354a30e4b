package io.zublk.nbd;

import io.zublk.block.ThreadCounters;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * The bytes that came from a client and are not used up yet: from {@link #head} to {@link #tail} of
 * the current slab. One read brings as many requests as the socket has and the slab can hold.
 */
final class Receiver {

  /** Less room than this at the end of a slab is not worth a system call, in bytes. */
  private static final int WORTHWHILE_BYTES = 4096;

  private final SocketChannel channel;
  private final ConnectionMemory memory;
  private final ThreadCounters<Counter> counters;
  private Slab slab;
  private int head;
  private int tail;

  Receiver(SocketChannel channel, ConnectionMemory memory, ThreadCounters<Counter> counters) {
    this.channel = channel;
    this.memory = memory;
    this.counters = counters;
    this.slab = memory.spare(null);
  }

  /** Where the unused bytes lie; valid until the next {@link #receive} or {@link #makeRoom}. */
  Slab slab() {
    return slab;
  }

  ByteBuffer bytes() {
    return slab.bytes();
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

  /** Whether the slab still has room for a worthwhile read. */
  boolean hasRoom() {
    return Slab.CAPACITY_BYTES - tail >= WORTHWHILE_BYTES;
  }

  /** Whether workers may keep the current slab: another one is there to go on with. */
  boolean mayPin() {
    return memory.spare(slab) != null;
  }

  /**
   * Waits for bytes and adds them to the available ones.
   *
   * @return false if the client sends no more
   */
  boolean receive() throws IOException {
    if (head == tail && !slab.pinned()) {
      head = 0;
      tail = 0;
    }
    ByteBuffer bytes = slab.bytes();
    int count = channel.read(bytes.limit(Slab.CAPACITY_BYTES).position(tail));
    counters.add(Counter.SOCKET_READS, 1);
    if (count <= 0) {
      return false;
    }
    tail += count;
    return true;
  }

  /** Moves the available bytes to the beginning of a slab that nobody else uses. */
  void makeRoom() {
    // mayPin() saw a spare before the current slab was pinned, and only this thread takes spares.
    Slab next = slab.pinned() ? memory.spare(slab) : slab;
    MemorySegment.copy(
        slab.segment(),
        ValueLayout.JAVA_BYTE,
        head,
        next.segment(),
        ValueLayout.JAVA_BYTE,
        0,
        available());
    tail = available();
    head = 0;
    slab = next;
  }
}
