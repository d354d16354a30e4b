package io.zublk.daemon.control;

import io.zublk.daemon.Json;
import io.zublk.daemon.log.DeviceLog;
import io.zublk.daemon.log.DeviceLoggers;
import io.zublk.fuzz.Logged;
import io.zublk.fuzz.Runs;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
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
  private static final ControlServer SERVER = server();

  private ControlFuzz() {}

  private static Path directory() {
    try {
      Path directory = Files.createTempDirectory(Path.of("/dev/shm"), "zublk-fuzz");
      directory.toFile().deleteOnExit();
      return directory;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static ControlServer server() {
    try {
      DeviceLog log = new DeviceLog();
      log.attach(LOG.file());
      DeviceLoggers.writeTo(log);
      ControlServer server = new ControlServer(SOCKET, ControlFuzz::echo);
      SOCKET.toFile().deleteOnExit();
      return server;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static ControlServer.Reply echo(String command, Map<String, Object> request) {
    Map<String, Object> body = new LinkedHashMap<>(request);
    body.put("heard", command);
    return ControlServer.Reply.of(body);
  }

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    java.util.Objects.requireNonNull(SERVER);
    String reply = talk(data);
    boolean tooLong = reply.isEmpty() && data.length > ControlServer.MAX_REQUEST_BYTES;
    if (!tooLong) {
      if (reply.indexOf('\n') != reply.length() - 1) {
        throw new AssertionError("not one line: " + reply);
      }
      Map<String, Object> _ = Json.object(reply);
    }
    LOG.checkNoFault();
  }

  private static String talk(byte[] request) throws IOException {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(SOCKET));
      try {
        ByteBuffer bytes = ByteBuffer.wrap(request);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.shutdownOutput();
      } catch (IOException e) {
        // Answered and hung up on before the end of it.
      }
      ByteBuffer reply = ByteBuffer.allocate(1 << 20);
      try {
        while (channel.read(reply) >= 0) {}
      } catch (IOException e) {
        // Hung up on with bytes unread.
      }
      return new String(reply.array(), 0, reply.position(), StandardCharsets.UTF_8);
    }
  }
}
