package io.zublk.daemon.control;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * A connection that carries a line each way, with a limit on its length and on the time both take
 * together. A peer that is slow, silent or endless costs no more than that.
 */
final class LineChannel implements AutoCloseable {

  private final SocketChannel channel;
  private final Selector selector;
  private final long deadline;
  private boolean isReleased;

  /**
   * Takes over a connected channel, and closes it also if that fails.
   *
   * @param limit the time for everything that is done with it
   */
  LineChannel(SocketChannel channel, Duration limit) throws IOException {
    this.channel = channel;
    this.deadline = System.nanoTime() + limit.toNanos();
    try {
      channel.configureBlocking(false);
      this.selector = Selector.open(); // takes descriptors, which may have run out
      channel.register(selector, 0);
    } catch (Throwable e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Reads up to a line end, or the end of what the peer sends.
   *
   * @throws IOException if the line has more than {@code maxBytes} bytes, or time runs out
   */
  String readLine(int maxBytes) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    ByteBuffer chunk = ByteBuffer.allocate(4096);
    while (true) {
      int count = channel.read(chunk.clear());
      if (count < 0) {
        return line.toString(StandardCharsets.UTF_8);
      }
      if (count == 0) {
        await(SelectionKey.OP_READ);
      }
      for (int i = 0; i < count; i++) {
        byte next = chunk.get(i);
        if (next == '\n') {
          return line.toString(StandardCharsets.UTF_8);
        }
        line.write(next);
      }
      if (line.size() > maxBytes) {
        throw new IOException("line is longer than " + maxBytes + " bytes");
      }
    }
  }

  /** Writes a line and its end. */
  void writeLine(String line) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      if (channel.write(bytes) == 0) {
        await(SelectionKey.OP_WRITE);
      }
    }
  }

  private void await(int operation) throws IOException {
    channel.keyFor(selector).interestOps(operation);
    long left = deadline - System.nanoTime();
    // select(0) would wait for ever. Too late is only what is not there when time is up: on a busy
    // machine it may be us who were not there.
    int ready = left <= 0 ? selector.selectNow() : selector.select(Math.max(1, left / 1_000_000));
    boolean isOver = System.nanoTime() >= deadline || Thread.currentThread().isInterrupted();
    if (ready == 0 && isOver) {
      throw new IOException("no answer in time");
    }
    selector.selectedKeys().clear();
  }

  /** Gives the connection up to the caller, who waits for it as long as it takes. */
  SocketChannel release() throws IOException {
    isReleased = true;
    selector.close();
    try {
      channel.configureBlocking(true);
      return channel;
    } catch (Throwable e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    if (!isReleased) {
      selector.close();
      channel.close();
    }
  }
}
