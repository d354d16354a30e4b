package io.zublk.nbd;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Arrays;
import java.util.Set;

/** The server's end of a connection whose client has sent everything at once and then left. */
final class MemoryChannel extends SocketChannel {

  /** What all requests of one input may be answered with. */
  private static final int MAX_REPLY_BYTES = 128 << 20;

  private final byte[] sent;
  private final int mostPerRead;
  private int position;
  private byte[] replies = new byte[1 << 16];
  private int replied;

  /** A client's bytes, of which each read brings no more than {@code mostPerRead}. */
  MemoryChannel(byte[] sent, int mostPerRead) {
    super(SelectorProvider.provider());
    this.sent = sent;
    this.mostPerRead = mostPerRead;
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
  public int read(ByteBuffer target) throws IOException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
    int count = Math.min(target.remaining(), Math.min(mostPerRead, sent.length - position));
    if (count == 0 && target.hasRemaining()) {
      return -1;
    }
    target.put(sent, position, count);
    position += count;
    return count;
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    if (!isOpen()) {
      throw new ClosedChannelException();
    }
    int count = source.remaining();
    if (replied + count > MAX_REPLY_BYTES) {
      throw new AssertionError("more replies than all requests can have");
    }
    if (replied + count > replies.length) {
      replies = Arrays.copyOf(replies, 2 * (replied + count));
    }
    source.get(replies, replied, count);
    replied += count;
    return count;
  }

  @Override
  protected void implCloseSelectableChannel() {}

  @Override
  protected void implConfigureBlocking(boolean block) {}

  // ---- what no server asks of a connection that was accepted

  @Override
  public SocketChannel bind(SocketAddress local) {
    throw new UnsupportedOperationException();
  }

  @Override
  public <T> SocketChannel setOption(SocketOption<T> name, T value) {
    throw new UnsupportedOperationException();
  }

  @Override
  public <T> T getOption(SocketOption<T> name) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return Set.of();
  }

  @Override
  public SocketChannel shutdownInput() {
    return this;
  }

  @Override
  public SocketChannel shutdownOutput() {
    return this;
  }

  @Override
  public Socket socket() {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean isConnected() {
    return true;
  }

  @Override
  public boolean isConnectionPending() {
    return false;
  }

  @Override
  public boolean connect(SocketAddress remote) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean finishConnect() {
    return true;
  }

  @Override
  public SocketAddress getRemoteAddress() {
    return null;
  }

  @Override
  public SocketAddress getLocalAddress() {
    return null;
  }

  @Override
  public long read(ByteBuffer[] targets, int offset, int length) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int length) {
    throw new UnsupportedOperationException();
  }
}
