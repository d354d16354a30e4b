package io.zublk.daemon.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.zublk.block.RateLimitedLog;
import io.zublk.daemon.Json;
import io.zublk.daemon.log.DeviceLog;
import io.zublk.daemon.log.DeviceLoggers;
import io.zublk.fuzz.Logged;
import io.zublk.fuzz.Runs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Whatever a client sends to a control socket: it gets one line of JSON, and no fault is logged.
 */
@Runs(5_000)
public final class ControlFuzz {

  private static final Path DIRECTORY = directory();
  private static final Path SOCKET = DIRECTORY.resolve("control.sock");
  private static final Logged LOG = new Logged(DIRECTORY.resolve("log"));
  private static final ServerSocketChannel SERVER = server();

  /** The system takes as much at once, and asks nobody to read it first. */
  private static final int MAX_BYTES = 64 << 10;

  private ControlFuzz() {}

  private static Path directory() {
    try {
      Path directory = Files.createTempDirectory(Path.of("/dev/shm"), "zublk-fuzz");
      directory.toFile().deleteOnExit();
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ServerSocketChannel server() {
    try {
      DeviceLog log = new DeviceLog();
      log.attach(LOG.file());
      DeviceLoggers.writeTo(log);
      SOCKET.toFile().deleteOnExit();
      return ServerSocketChannel.open(StandardProtocolFamily.UNIX)
          .bind(UnixDomainSocketAddress.of(SOCKET));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ControlServer.Reply echo(String command, Map<String, Object> request) {
    Map<String, Object> body = new LinkedHashMap<>(request);
    body.put("heard", command);
    return ControlServer.Reply.of(body);
  }

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    if (data.length > MAX_BYTES) {
      return;
    }
    String reply = talk(data);
    boolean tooLong = reply.isEmpty() && data.length > ControlServer.MAX_REQUEST_BYTES;
    if (!tooLong) {
      if (reply.indexOf('\n') != reply.length() - 1) {
        throw new AssertionError("not one line: " + reply);
      }
      checkAnswer(data, reply);
    }
    LOG.checkNoFault();
  }

  /** All that was asked comes back, or a reason. */
  private static void checkAnswer(byte[] data, String reply) throws IOException {
    String asked = new String(data, UTF_8).split("\n", 2)[0];
    Map<String, Object> request;
    try {
      request = Json.object(asked);
    } catch (IOException e) {
      Object reason = Json.object(reply).get(ControlServer.ERROR);
      if (!(reason instanceof String) || reason.equals("")) {
        throw new AssertionError("refused without a word: " + asked);
      }
      return;
    }
    Map<String, Object> expected = new LinkedHashMap<>(request);
    expected.put("heard", String.valueOf(request.get(ControlServer.COMMAND)));
    // Half of a surrogate pair has no bytes in UTF-8.
    String line = new String(Json.line(expected).getBytes(UTF_8), UTF_8) + "\n";
    if (!reply.equals(line)) {
      throw new AssertionError(line + " came back as " + reply);
    }
  }

  /** Both sides in this thread: the client says everything before it listens. */
  private static String talk(byte[] request) throws IOException {
    try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(SOCKET))) {
      int sent = client.write(ByteBuffer.wrap(request));
      if (sent != request.length) {
        throw new AssertionError("only " + sent + " bytes fit");
      }
      client.shutdownOutput();
      try (LineChannel served = new LineChannel(SERVER.accept(), ControlServer.CONNECTION_LIMIT)) {
        RateLimitedLog log = new RateLimitedLog("io.zublk.daemon.control"); // which tells all
        new Conversation(ControlFuzz::echo, log).hold(served);
      }
      ByteBuffer reply = ByteBuffer.allocate(1 << 18);
      try {
        while (client.read(reply) >= 0) {}
      } catch (IOException e) {
        // Hung up on with bytes unread.
      }
      return new String(reply.array(), 0, reply.position(), UTF_8);
    }
  }
}
