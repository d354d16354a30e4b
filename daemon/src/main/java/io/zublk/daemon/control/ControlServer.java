package io.zublk.daemon.control;

import io.zublk.block.RateLimitedLog;
import io.zublk.daemon.UserException;
import io.zublk.daemon.machine.FileStatus;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;

/**
 * A device's control socket: a client connects, sends one JSON object on one line, gets one back,
 * and is hung up on. Commands are served one after the other by one thread; none takes long.
 *
 * <p>Only the device's own user, and root, may connect: the socket has mode 0600, in a directory of
 * mode 0700.
 */
public final class ControlServer implements AutoCloseable {

  /** Commands are a few words; paths inside them have at most 4096 bytes. */
  static final int MAX_REQUEST_BYTES = 16 << 10;

  /** A client on the same machine needs microseconds; one that hangs delays others this long. */
  static final Duration CONNECTION_LIMIT = Duration.ofSeconds(2);

  /** sockaddr_un.sun_path has 108 bytes (include/uapi/linux/un.h), of which Java uses no more. */
  static final int MAX_PATH_BYTES = 106;

  private static final Duration FAILURE_REST = Duration.ofMillis(100);

  static final String COMMAND = "command";

  /** In a reply, or in the line behind a {@link Stream}: why there is no other answer. */
  public static final String ERROR = "error";

  /** True beside an error that may pass: somebody uses the device. */
  static final String BUSY = "busy";

  /**
   * What a command comes to.
   *
   * @param body what the client is told
   * @param afterwards what happens once it was told
   * @param stream what goes on with the client then, beside other commands; null: nothing
   */
  public record Reply(Map<String, Object> body, Runnable afterwards, Stream stream) {
    public Reply(Map<String, Object> body, Runnable afterwards) {
      this(body, afterwards, null);
    }

    public static Reply of(Map<String, Object> body) {
      return new Reply(body, () -> {});
    }

    public static Reply streaming(Map<String, Object> body, Stream stream) {
      return new Reply(body, () -> {}, stream);
    }
  }

  /** Carries out commands. A {@link UserException} becomes the client's error line. */
  @FunctionalInterface
  public interface Handler {
    Reply handle(String command, Map<String, Object> request);
  }

  private final RateLimitedLog log = new RateLimitedLog("io.zublk.daemon.control");
  private final Path socket;
  private final ServerSocketChannel server;
  private final FileStatus bound;
  private final Conversation conversation;
  private final Streams streams = new Streams(log);
  private final Thread thread;

  /**
   * Serves from now on.
   *
   * @param socket is made, in a device's directory
   * @throws UserException if its path is too long for the system
   */
  public ControlServer(Path socket, Handler handler) throws IOException {
    this.socket = socket;
    this.conversation = new Conversation(handler, log);
    if (socket.toString().getBytes(StandardCharsets.UTF_8).length > MAX_PATH_BYTES) {
      throw new UserException(
          "run directory %s is too deep: a unix socket's path has at most %d bytes"
              .formatted(socket.getParent().getParent(), MAX_PATH_BYTES));
    }
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    bound = bind();
    thread = Thread.ofPlatform().name("control").daemon().start(this::serve);
  }

  private FileStatus bind() throws IOException {
    try {
      server.bind(UnixDomainSocketAddress.of(socket));
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
      return FileStatus.of(socket).orElseThrow(() -> new IOException("it was deleted"));
    } catch (IOException e) {
      server.close();
      throw new IOException(
          "cannot make the control socket %s: %s".formatted(socket, UserException.lineFor(e)), e);
    }
  }

  private void serve() {
    while (server.isOpen()) {
      try (LineChannel client = new LineChannel(server.accept(), CONNECTION_LIMIT)) {
        Stream stream = conversation.hold(client);
        if (stream != null) {
          streams.start(client.release(), stream);
        }
      } catch (ClosedChannelException e) {
        // Ours: then the loop ends. Or a client's, which is gone.
      } catch (Throwable e) {
        // An Error as well: without this thread nobody could remove the device.
        log.fault("cannot serve a client", e);
        rest();
      }
    }
  }

  /** Out of descriptors, say: that does not pass any sooner for being tried at once again. */
  private static void rest() {
    try {
      Thread.sleep(FAILURE_REST);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** As {@link #close}, for somebody in a hurry: a command that is under way goes on meanwhile. */
  public void leave() throws IOException {
    // While the socket is open its inode is not given to another file.
    bound.deleteIfStillAt(socket);
    server.close();
    streams.close();
  }

  /** Stops serving and removes the socket. Waits for a command that is under way; ends streams. */
  @Override
  public void close() throws IOException {
    leave();
    try {
      thread.join(CONNECTION_LIMIT.multipliedBy(2));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
