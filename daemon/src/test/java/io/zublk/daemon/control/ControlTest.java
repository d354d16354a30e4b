package io.zublk.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.daemon.DeviceBusyException;
import io.zublk.daemon.UserException;
import io.zublk.daemon.log.DeviceLog;
import io.zublk.daemon.log.DeviceLoggers;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlTest {

  @TempDir private Path temp;
  private final CountDownLatch afterwards = new CountDownLatch(1);
  private Path socket;
  private ControlServer server;

  @BeforeEach
  void serve() throws IOException {
    socket = temp.resolve("c");
    DeviceLog log = new DeviceLog();
    log.attach(temp.resolve("log"));
    DeviceLoggers.writeTo(log);
    server = new ControlServer(socket, this::handle);
  }

  @AfterEach
  void close() throws IOException {
    server.close();
    DeviceLoggers.writeTo(null);
  }

  private ControlServer.Reply handle(String command, Map<String, Object> request) {
    return switch (command) {
      case "echo" -> ControlServer.Reply.of(request);
      case "refuse" -> throw new UserException("because of this");
      case "busy" -> throw new DeviceBusyException("somebody is there");
      case "fail" -> throw new IllegalStateException("a bug");
      case "error" -> throw new AssertionError("another bug");
      case "fail afterwards" ->
          new ControlServer.Reply(
              Map.of(),
              () -> {
                throw new AssertionError("a late bug");
              });
      default -> new ControlServer.Reply(Map.of("ok", true), afterwards::countDown);
    };
  }

  private Map<String, Object> ask(String command, Map<String, Object> arguments)
      throws IOException {
    return ControlClient.ask(socket, command, arguments);
  }

  @Test
  void answers() throws Exception {
    assertThat(ask("echo", Map.of("text", "a\nb"))).containsEntry("text", "a\nb");
    assertThat(ask("other", Map.of())).containsEntry("ok", true);
    afterwards.await();
  }

  @Test
  void refusesWithTheReason() {
    assertThatThrownBy(() -> ask("refuse", Map.of()))
        .isExactlyInstanceOf(UserException.class)
        .hasMessage("because of this");
  }

  @Test
  void saysThatARefusalMayPass() {
    assertThatThrownBy(() -> ask("busy", Map.of()))
        .isExactlyInstanceOf(DeviceBusyException.class)
        .hasMessage("somebody is there");
  }

  @Test
  void survivesItsOwnBugs() throws IOException {
    assertThatThrownBy(() -> ask("fail", Map.of())).hasMessageContaining("a bug");
    assertThatThrownBy(() -> ask("error", Map.of())).hasMessageContaining("another bug");
    ask("fail afterwards", Map.of());
    assertThat(ask("echo", Map.of())).isNotEmpty();
  }

  @Test
  void saysThatItsDirectoryIsTooDeepForTheSystem() throws IOException {
    Path longest = temp.resolve("x".repeat(106 - temp.toString().length() - 1));
    new ControlServer(longest, this::handle).close();
    Path tooLong = longest.resolveSibling(longest.getFileName() + "x");
    assertThatThrownBy(() -> new ControlServer(tooLong, this::handle))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("too deep")
        .hasMessageContaining("106 bytes");
  }

  @Test
  void belongsToItsUserAlone() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
        .isEqualTo("rw-------");
  }

  @Test
  void survivesNonsense() throws IOException {
    assertThat(send("no json\n")).contains("not a JSON object");
    assertThat(send("null\n")).contains("not a JSON object");
    assertThat(send("[1]\n")).contains("error");
    assertThat(send("null\n")).contains("not a JSON object");
    assertThat(send("5\n")).contains("not a JSON object");
    assertThat(send("\n")).contains("error");
    assertThat(ask("echo", Map.of())).isNotEmpty();
  }

  @Test
  void hangsUpOnLinesThatAreTooLong() throws IOException {
    // Were it read to its end, the answer would be that this is no JSON.
    assertThat(send("x".repeat(ControlServer.MAX_REQUEST_BYTES * 2) + "\n")).isEmpty();
    assertThat(ask("echo", Map.of())).isNotEmpty();
    assertThat(temp.resolve("log"))
        .content()
        .hasLineCount(1)
        .contains("control: hung up on a client: line is longer than");
  }

  @Test
  void hangsUpOnClientsThatSayNothing() throws IOException {
    try (SocketChannel silent = connect()) {
      assertThat(ask("echo", Map.of())).isNotEmpty();
      assertThat(silent.read(ByteBuffer.allocate(1))).isEqualTo(-1);
    }
  }

  @Test
  void closingRemovesTheSocketAndEndsTheThread() throws IOException {
    server.close();
    assertThat(socket).doesNotExist();
    assertThatThrownBy(() -> ask("echo", Map.of())).isInstanceOf(IOException.class);
  }

  @Test
  void closingRemovesNoOtherSocket() throws IOException {
    Files.delete(socket);
    try (ControlServer _ = new ControlServer(socket, this::handle)) {
      server.close();
      assertThat(ask("echo", Map.of())).isNotEmpty();
    }
    assertThat(socket).doesNotExist();
  }

  @Test
  void aClientGivesUpOnASilentServer() throws IOException {
    try (SocketChannel peer = connect();
        LineChannel channel = new LineChannel(peer, Duration.ofMillis(50))) {
      assertThatThrownBy(() -> channel.readLine(10)).hasMessageContaining("in time");
    }
  }

  @Test
  void saysThatAPathIsTooLong() {
    Path deep = temp.resolve("d".repeat(90)).resolve("control.sock");
    assertThatThrownBy(() -> new ControlServer(deep, this::handle))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("too deep");
  }

  @Test
  void takesThePathsThatTheSystemTakes() throws IOException {
    new ControlServer(path(ControlServer.MAX_PATH_BYTES), this::handle).close();
    Path longer = path(ControlServer.MAX_PATH_BYTES + 1);
    assertThatThrownBy(() -> new ControlServer(longer, this::handle))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("too deep");
  }

  private Path path(int bytes) {
    return temp.resolve("s".repeat(bytes - temp.toString().length() - 1));
  }

  private SocketChannel connect() throws IOException {
    return SocketChannel.open(UnixDomainSocketAddress.of(socket));
  }

  /** Sends bytes and returns all that comes back. */
  private String send(String text) {
    try (SocketChannel client = connect()) {
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        client.write(bytes);
      }
      byte[] answer = Channels.newInputStream(client).readAllBytes();
      return new String(answer, StandardCharsets.UTF_8);
    } catch (IOException e) {
      return ""; // hung up on while there was more to read
    }
  }
}
