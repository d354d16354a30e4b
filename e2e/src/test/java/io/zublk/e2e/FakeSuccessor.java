package io.zublk.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.zublk.store.PageStore;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/**
 * A process that asks to go on with a device, and then goes as far as a test wants. What it is sent
 * beside words, open files too, it drops.
 */
final class FakeSuccessor implements AutoCloseable {

  private final Map<String, Object> answer;
  private SocketChannel talk;

  /**
   * Asks, as a program that says so of itself.
   *
   * @param edition as JSON
   */
  FakeSuccessor(Path deviceDir, String edition) throws IOException {
    try (SocketChannel control = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      control.connect(UnixDomainSocketAddress.of(deviceDir.resolve("control.sock")));
      String line = "{\"command\":\"upgrade\",\"edition\":%s}\n".formatted(edition);
      control.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
      ByteBuffer reply = ByteBuffer.allocate(16 << 10);
      while (control.read(reply) >= 0) {
        // until it hangs up
      }
      answer =
          JSON.std.mapFrom(new String(reply.array(), 0, reply.position(), StandardCharsets.UTF_8));
    }
  }

  /** One that is as good as the installed program, once the device has seen the end of others. */
  static FakeSuccessor able(Path deviceDir) throws IOException {
    FakeSuccessor successor =
        new FakeSuccessor(deviceDir, edition("99", 1, PageStore.NEWEST_LAYOUT));
    while (successor.refusal().contains("is being upgraded already")) {
      successor = new FakeSuccessor(deviceDir, edition("99", 1, PageStore.NEWEST_LAYOUT));
    }
    assertThat(successor.refusal()).isEqualTo("null");
    return successor;
  }

  static String edition(String program, int talk, int newestLayout) {
    return "{\"program\":\"%s\",\"oldestTalk\":%d,\"newestTalk\":%d,\"oldestLayout\":3,\"newestLayout\":%d}"
        .formatted(program, talk, talk, newestLayout);
  }

  /** Why it may not; "null" if it may. */
  String refusal() {
    return String.valueOf(answer.get("error"));
  }

  /** Comes, and waits until the other process is ready. */
  FakeSuccessor come() throws IOException {
    talk = SocketChannel.open(StandardProtocolFamily.UNIX);
    talk.connect(UnixDomainSocketAddress.of(Path.of(answer.get("socket").toString())));
    hear("READY");
    return this;
  }

  FakeSuccessor say(String word) throws IOException {
    byte[] text = (word + " ").getBytes(StandardCharsets.UTF_8);
    talk.write(ByteBuffer.allocate(4 + text.length).putInt(text.length).put(text).flip());
    return this;
  }

  FakeSuccessor hear(String word) throws IOException {
    assertThat(hear()).startsWith(word);
    return this;
  }

  private String hear() throws IOException {
    ByteBuffer text = ByteBuffer.allocate(receive(4).getInt());
    receive(text);
    return new String(text.array(), StandardCharsets.UTF_8);
  }

  private ByteBuffer receive(int length) throws IOException {
    return receive(ByteBuffer.allocate(length));
  }

  private ByteBuffer receive(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      if (talk.read(bytes) < 0) {
        throw new EOFException("the device hung up");
      }
    }
    return bytes.flip();
  }

  /** After whatever else it is sent. */
  FakeSuccessor hearAtLast(String word) throws IOException {
    StringBuilder said = new StringBuilder();
    while (said.indexOf(word) < 0) {
      said.append((char) receive(1).get());
    }
    return this;
  }

  /** Until the device says no more. */
  void awaitEnd() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
    while (talk.read(bytes.clear()) >= 0) {
      // what it sent
    }
  }

  @Override
  public void close() throws IOException {
    if (talk != null) {
      talk.close();
    }
  }
}
