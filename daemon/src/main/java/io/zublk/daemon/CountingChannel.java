package io.zublk.daemon;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** Tells how much was written to a channel. */
final class CountingChannel implements WritableByteChannel {

  private final WritableByteChannel target;
  private final long expected;
  private final Device.SaveProgress progress;
  private long written;

  CountingChannel(WritableByteChannel target, long expected, Device.SaveProgress progress) {
    this.target = target;
    this.expected = expected;
    this.progress = progress;
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    int bytes = target.write(source);
    written += bytes;
    progress.saved(written, expected);
    return bytes;
  }

  @Override
  public boolean isOpen() {
    return target.isOpen();
  }

  @Override
  public void close() throws IOException {
    target.close();
  }
}
