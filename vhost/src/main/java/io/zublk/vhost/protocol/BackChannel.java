package io.zublk.vhost.protocol;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The socket by which the present client hears of what it has not asked for, if it wants to.
 * Thread-safe; never waits for the client.
 */
public final class BackChannel {

  private static final int CONFIG_CHANGE = 2;

  private final MemorySegment message = Arena.ofAuto().allocate(VhostUser.HEADER_BYTES, Long.BYTES);

  /** Null if nobody wants to hear. Guarded by this. */
  private LinuxSocket socket;

  /** One to which nobody listens yet. */
  public BackChannel() {
    message.set(JAVA_INT, 0, CONFIG_CHANGE);
    message.set(JAVA_INT, VhostUser.FLAGS_AT, VhostUser.VERSION); // no reply is asked for
  }

  /**
   * A client listens from now on; it takes over its socket.
   *
   * @throws ProtocolException if that is none of unix; it is closed then
   */
  synchronized void open(int fd) throws ProtocolException {
    close();
    LinuxSocket given = LinuxSocket.adopt("back channel", fd);
    if (!given.isUnix()) {
      given.close();
      throw new ProtocolException("a back channel that is no unix socket");
    }
    socket = given;
  }

  /** Nobody listens any more. */
  synchronized void close() {
    if (socket != null) {
      socket.close();
      socket = null;
    }
  }

  /**
   * Says that the configuration is to be read again.
   *
   * @return false if nobody listens
   */
  public synchronized boolean tellConfigChange() {
    if (socket == null) {
      return false;
    }
    int sent = socket.sendAtOnce(message, 0, VhostUser.HEADER_BYTES);
    // Without room for it there are others unread, and each makes the client read what is now.
    return sent == VhostUser.HEADER_BYTES || sent == -Errnos.EAGAIN;
  }
}
