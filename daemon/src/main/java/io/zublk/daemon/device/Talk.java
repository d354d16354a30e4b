package io.zublk.daemon.device;

import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxSocket;
import io.zublk.uring.sys.PollSet;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * What two processes of a device say to each other while one leaves it to the other: words over a
 * unix socket, on which what is handed over travels too. A word is its length in 4 bytes, big
 * endian, its name, and maybe a blank and a reason. Used by one thread; {@link #cancel} by any.
 *
 * <pre>
 *   successor                    the one that serves
 *                          <-   READY
 *   GO                     ->                           it is ready, too
 *                          <-   FILES and an Offer      nobody is served from here on
 *   TAKEN                  ->
 *                          <-   YOURS                   it has let go of everything
 *   SERVING                ->                           and may end
 * </pre>
 *
 * <p>In place of FILES or YOURS there may be OFF: it serves on. What is said otherwise, or means
 * something else, gets another number in {@link io.zublk.daemon.command.Edition}.
 */
final class Talk implements AutoCloseable {

  enum Word {
    READY,
    GO,
    FILES,
    TAKEN,
    YOURS,
    SERVING,
    OFF
  }

  /** So long a peer may take for what it has only to read, or to write down. */
  static final Duration LIMIT = Duration.ofSeconds(5);

  private static final int MAX_BYTES = 16 << 10;

  /** How late a {@link #cancel} may be heard. */
  private static final int SLICE_MILLIS = 20;

  private final LinuxSocket socket;
  private final PollSet incoming;
  private volatile boolean cancelled;

  /** Over a connected socket, which is the conversation's from now on. */
  Talk(LinuxSocket socket) throws LinuxException {
    this.socket = socket;
    this.incoming = new PollSet(socket.fd());
    int millis = (int) LIMIT.toMillis();
    socket.setReceiveTimeout(millis);
    socket.setSendTimeout(millis);
  }

  /** For what travels between the words. */
  LinuxSocket socket() {
    return socket;
  }

  void say(Word word) throws IOException {
    say(word, "");
  }

  void say(Word word, String reason) throws IOException {
    byte[] text = (word + " " + reason).getBytes(StandardCharsets.UTF_8);
    ByteBuffer message = ByteBuffer.allocate(Integer.BYTES + text.length);
    message.putInt(text.length).put(text);
    try (Arena arena = Arena.ofConfined()) {
      socket.sendAll(arena.allocateFrom(ValueLayout.JAVA_BYTE, message.array()));
    }
  }

  /**
   * Waits for a word.
   *
   * @throws CalledOffException if the other one will not go on, with its reason
   * @throws EOFException if it is gone
   * @throws IOException if it says something else, or nothing for so long
   */
  void expect(Word wanted, Duration limit) throws IOException {
    await(limit);
    String said = receive();
    if (said.startsWith(Word.OFF.name())) {
      throw new CalledOffException(said.substring(Word.OFF.name().length()).strip());
    }
    if (!said.strip().equals(wanted.name())) {
      throw new IOException("the other process said '" + said + "' instead of " + wanted);
    }
  }

  private void await(Duration limit) throws IOException {
    long deadline = System.nanoTime() + limit.toNanos();
    int ready = incoming.await(SLICE_MILLIS);
    while (ready == 0 || ready == -Errnos.EINTR) {
      if (cancelled) {
        throw new IOException("the device is ending");
      }
      if (System.nanoTime() > deadline) {
        throw new IOException(
            "the other process has not answered within %d ms".formatted(limit.toMillis()));
      }
      ready = incoming.await(SLICE_MILLIS);
    }
  }

  private String receive() throws IOException {
    int length = ByteBuffer.wrap(receive(Integer.BYTES)).getInt();
    if (length < 1 || length > MAX_BYTES) {
      throw new IOException("the other process says what is no word");
    }
    return new String(receive(length), StandardCharsets.UTF_8);
  }

  private byte[] receive(int length) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length);
      socket.receiveAll(bytes);
      return bytes.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /** Who waits here waits no more, nor does who comes to. */
  void cancel() {
    cancelled = true;
  }

  @Override
  public void close() {
    socket.close();
  }

  /** The other process serves on, or does not begin to. */
  static final class CalledOffException extends IOException {
    private static final long serialVersionUID = 1L;

    CalledOffException(String reason) {
      super(reason);
    }
  }
}
