package io.zublk.daemon.control;

import io.zublk.daemon.DeviceBusyException;
import io.zublk.daemon.Json;
import io.zublk.daemon.UserException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** Asks a device's control socket. */
public final class ControlClient {

  /** The largest answer is {@code stat}'s, a few kilobytes. */
  private static final int MAX_ANSWER_BYTES = 1 << 20;

  /** The server is busy with another client for at most two seconds at a time. */
  private static final Duration LIMIT = Duration.ofSeconds(15);

  static {
    assert LIMIT.compareTo(ControlServer.CONNECTION_LIMIT.multipliedBy(2)) > 0;
  }

  private ControlClient() {}

  /**
   * Sends a command and returns the answer.
   *
   * @throws UserException with the device's reason, if it refuses
   * @throws DeviceBusyException if the reason is that somebody uses the device
   * @throws IOException if the device cannot be reached, or does not answer in time
   */
  public static Map<String, Object> ask(Path socket, String command, Map<String, Object> arguments)
      throws IOException {
    Map<String, Object> request = new LinkedHashMap<>(arguments);
    request.put(ControlServer.COMMAND, command);
    // The server's patience begins with the connection, and the first use of JSON takes long.
    String sent = Json.line(request);
    String line;
    try (LineChannel channel =
        new LineChannel(SocketChannel.open(UnixDomainSocketAddress.of(socket)), LIMIT)) {
      channel.writeLine(sent);
      line = channel.readLine(MAX_ANSWER_BYTES);
    }
    if (line.isEmpty()) {
      throw new IOException("the device hung up without an answer");
    }
    return answer(line);
  }

  /**
   * Sends a command whose answer is followed by a {@link Frames stream}, and receives that, however
   * long it takes.
   *
   * @param target where it goes, by the answer
   * @return the line that ends the stream
   * @throws UserException with the device's reason, if it refuses or fails
   */
  public static Map<String, Object> receive(
      Path socket, String command, Function<Map<String, Object>, WritableByteChannel> target)
      throws IOException {
    String sent = Json.line(Map.of(ControlServer.COMMAND, command)) + "\n";
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      ByteBuffer request = ByteBuffer.wrap(sent.getBytes(StandardCharsets.UTF_8));
      while (request.hasRemaining()) {
        int _ = channel.write(request);
      }
      Frames frames = new Frames(channel);
      return answer(frames.receive(target.apply(answer(frames.readLine()))));
    }
  }

  private static Map<String, Object> answer(String line) throws IOException {
    Map<String, Object> answer = Json.object(line);
    if (answer.get(ControlServer.ERROR) instanceof String reason) {
      throw Boolean.TRUE.equals(answer.get(ControlServer.BUSY))
          ? new DeviceBusyException(reason)
          : new UserException(reason);
    }
    return answer;
  }
}
