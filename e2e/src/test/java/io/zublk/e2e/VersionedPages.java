package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/**
 * A client that writes pages which say where they belong and how often they were written, one after
 * the other, and remembers what was acknowledged. Used by one thread at a time.
 */
final class VersionedPages implements AutoCloseable {

  private static final int PAGE = 4096;

  private final Path socket;
  private final long[] acknowledged;
  private final long[] sent;
  private final Random random = new Random(2);
  private final AtomicLong longestNanos = new AtomicLong();
  private volatile long lastNanos = System.nanoTime();
  private RawNbdClient client;

  VersionedPages(Path socket, int pages) {
    this.socket = socket;
    this.acknowledged = new long[pages];
    this.sent = new long[pages];
  }

  void connect() throws IOException {
    close();
    client = RawNbdClient.connected(socket);
  }

  long acknowledged() {
    long sum = 0;
    for (long version : acknowledged) {
      sum += version;
    }
    return sum;
  }

  void writeUntilHungUp() {
    try {
      while (true) {
        writeOne();
      }
    } catch (IOException e) {
      // The server was killed.
    }
  }

  /** Writes on, and reads again what it has written; nothing may fail. */
  void writeUntil(BooleanSupplier isEnough) {
    lastNanos = System.nanoTime();
    try {
      writeOnUntil(isEnough);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void writeOnUntil(BooleanSupplier isEnough) throws IOException {
    while (!isEnough.getAsBoolean()) {
      int page = writeOne();
      if (random.nextInt(4) == 0) {
        verify(page);
      }
      long now = System.nanoTime();
      longestNanos.accumulateAndGet(now - lastNanos, Math::max);
      lastNanos = now;
    }
  }

  /**
   * Connects, writes and reads until it is enough, and connects again whenever it is hung up on.
   */
  void writeThroughDeaths(BooleanSupplier isEnough) {
    while (!isEnough.getAsBoolean()) {
      try {
        connect();
        writeOnUntil(isEnough);
      } catch (IOException e) {
        pause(); // nobody listens, or it was killed
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Until it has written on since it was asked, or ended. */
  void awaitWrites(CompletableFuture<Void> writer) throws InterruptedException {
    long before = acknowledged();
    while (acknowledged() < before + 100 && !writer.isDone()) {
      Thread.sleep(1);
    }
  }

  /** The longest time without a reply since it was asked for last, in milliseconds. */
  double longestPause() {
    long waiting = System.nanoTime() - lastNanos;
    return Math.max(waiting, longestNanos.getAndSet(0)) / 1e6;
  }

  private int writeOne() throws IOException {
    int page = random.nextInt(sent.length);
    long version = ++sent[page];
    client.ask(1, RawNbdClient.WRITE, (long) page * PAGE, PAGE);
    client.send(contents(page, version));
    assertThat(client.takeReply(0)).isZero();
    acknowledged[page] = version;
    return page;
  }

  /** Half of it is noise, so that it is compressed and takes its time. */
  private static ByteBuffer contents(int page, long version) {
    ByteBuffer bytes = ByteBuffer.allocate(PAGE);
    Random noise = new Random(page * 31L + version);
    while (bytes.position() < PAGE / 2) {
      bytes.putLong(noise.nextLong());
    }
    return bytes.putLong(page).putLong(version).rewind();
  }

  /** Each page is what was acknowledged last, or what was sent after that. */
  void verify() throws IOException {
    for (int page = 0; page < sent.length; page++) {
      verify(page);
    }
  }

  private void verify(int page) throws IOException {
    client.ask(1, RawNbdClient.READ, (long) page * PAGE, PAGE);
    assertThat(client.receive(16).getInt(4)).isZero();
    ByteBuffer bytes = client.receive(PAGE);
    long version = bytes.getLong(PAGE / 2 + Long.BYTES);
    assertThat(version).as("page %d", page).isBetween(acknowledged[page], sent[page]);
    ByteBuffer expected = version == 0 ? ByteBuffer.allocate(PAGE) : contents(page, version);
    assertThat(bytes).as("page %d, version %d", page, version).isEqualTo(expected);
    acknowledged[page] = version;
  }

  @Override
  public void close() throws IOException {
    if (client != null) {
      client.close();
    }
  }
}
