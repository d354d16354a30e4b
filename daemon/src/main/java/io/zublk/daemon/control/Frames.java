package io.zublk.daemon.control;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;

/**
 * Bytes of unknown number on a connection, and a line behind them: each piece is led by its length
 * in 4 bytes, and a length of 0 by the line. One thread's.
 */
public final class Frames {

  private static final int MAX_FRAME_BYTES = 1 << 20;
  private static final int MAX_LINE_BYTES = 16 << 10;

  private final ByteChannel connection;
  private final ByteBuffer length = ByteBuffer.allocateDirect(Integer.BYTES);

  public Frames(ByteChannel connection) {
    this.connection = connection;
  }

  /** Sends what is written to it. */
  public WritableByteChannel sender() {
    return new WritableByteChannel() {
      @Override
      public int write(ByteBuffer source) throws IOException {
        int bytes = Math.min(source.remaining(), MAX_FRAME_BYTES);
        ByteBuffer frame = source.slice(source.position(), bytes);
        writeLength(bytes);
        writeAll(connection, frame);
        source.position(source.position() + bytes);
        return bytes;
      }

      @Override
      public boolean isOpen() {
        return connection.isOpen();
      }

      @Override
      public void close() {
        // the line is to come
      }
    };
  }

  private void writeLength(int bytes) throws IOException {
    writeAll(connection, length.clear().putInt(0, bytes));
  }

  private static void writeAll(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      int _ = channel.write(bytes);
    }
  }

  /** Sends the line, and nothing after it. */
  public void end(String line) throws IOException {
    writeLength(0);
    writeAll(connection, ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8)));
  }

  /** Receives all, and returns the line. */
  public String receive(WritableByteChannel target) throws IOException {
    ByteBuffer frame = ByteBuffer.allocateDirect(MAX_FRAME_BYTES);
    while (true) {
      readAll(length.clear());
      int bytes = length.getInt(0);
      if (bytes == 0) {
        return readLine();
      }
      if (bytes < 0 || bytes > MAX_FRAME_BYTES) {
        throw new IOException("the device sends what is no part of a file");
      }
      readAll(frame.clear().limit(bytes));
      writeAll(target, frame.flip());
    }
  }

  /** Receives a line, and no byte more. */
  public String readLine() throws IOException {
    ByteBuffer line = ByteBuffer.allocate(MAX_LINE_BYTES);
    do {
      readAll(line.limit(line.position() + 1));
    } while (line.get(line.position() - 1) != '\n' && line.position() < MAX_LINE_BYTES);
    return new String(line.array(), 0, line.position() - 1, StandardCharsets.UTF_8);
  }

  private void readAll(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      if (connection.read(bytes) < 0) {
        throw new EOFException("the device has ended");
      }
    }
  }
}
