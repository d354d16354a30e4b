package io.zublk.nbd;

import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxSocket;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;

/** The server's end of a connection whose client has sent everything at once and then left. */
final class MemorySocket implements ClientSocket {

  /** What all requests of one input may be answered with. */
  private static final int MAX_REPLY_BYTES = 128 << 20;

  private final byte[] sent;
  private final int mostPerReceive;
  private int position;
  private byte[] replies = new byte[1 << 16];
  private int replied;
  private boolean hungUp;

  /** A client's bytes, of which no receive brings more than {@code mostPerReceive}. */
  MemorySocket(byte[] sent, int mostPerReceive) {
    this.sent = sent;
    this.mostPerReceive = mostPerReceive;
  }

  /** What the client was sent so far. */
  ByteBuffer replies() {
    return ByteBuffer.wrap(replies, 0, replied).slice();
  }

  /** How many of the client's bytes were taken. */
  int received() {
    return position;
  }

  @Override
  public int receive(MemorySegment buffer, int offset, int length, boolean mayStop) {
    int count = Math.min(length, Math.min(mostPerReceive, sent.length - position));
    if (hungUp) {
      return 0;
    }
    MemorySegment.copy(sent, position, buffer, ValueLayout.JAVA_BYTE, offset, count);
    position += count;
    return count;
  }

  @Override
  public boolean isToStop() {
    return false;
  }

  @Override
  public int send(MemorySegment buffer, int offset, int length) {
    if (hungUp) {
      return -Errnos.EPIPE;
    }
    if (replied + length > MAX_REPLY_BYTES) {
      throw new AssertionError("more replies than all requests can have");
    }
    if (replied + length > replies.length) {
      replies = Arrays.copyOf(replies, 2 * (replied + length));
    }
    MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, offset, replies, replied, length);
    replied += length;
    return length;
  }

  @Override
  public void hangUp() {
    hungUp = true;
  }

  @Override
  public void finish(Duration patience) {}

  @Override
  public LinuxSocket socket() {
    throw new UnsupportedOperationException("nobody stops it");
  }

  @Override
  public void close() {}
}
