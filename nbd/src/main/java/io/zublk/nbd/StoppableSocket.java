package io.zublk.nbd;

import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxSocket;
import io.zublk.uring.sys.PollSet;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/**
 * A client's socket of which a thread can wait without missing the {@link StopSign}.
 *
 * <p>To poll socket and sign before each receive would cost every request a system call. So a
 * thread waits in the receive itself, but not for long; when nothing came by then, the client is
 * idle, and the thread polls until that has an end (decision 0012).
 */
final class StoppableSocket implements ClientSocket {

  /**
   * How long a client must say nothing to be idle, in milliseconds; and how long the sign of a
   * thread that has just begun to wait may go unseen.
   */
  private static final int IDLE_MILLIS = 20;

  private static final int CLIENT = 0;
  private static final int DISCARDED_BYTES = 16 << 10;

  private final LinuxSocket socket;
  private final StopSign sign;
  private final PollSet socketAndSign;
  private volatile boolean hungUp;

  StoppableSocket(LinuxSocket socket, StopSign sign) throws LinuxException {
    this.socket = socket;
    this.sign = sign;
    this.socketAndSign = new PollSet(socket.fd(), sign.bell());
    socket.setReceiveTimeout(IDLE_MILLIS);
  }

  @Override
  public boolean isToStop() {
    return sign.isRaised();
  }

  @Override
  public int receive(MemorySegment buffer, int offset, int length, boolean mayStop)
      throws IOException {
    while (true) {
      if (mayStop && sign.isRaised()) {
        throw new StoppedException();
      }
      int received = socket.receive(buffer, offset, length);
      if (received >= 0) {
        return received;
      }
      if (received == -Errnos.EAGAIN) {
        awaitClientOrSign();
      } else if (received != -Errnos.EINTR) {
        throw new LinuxException("receive", -received);
      }
    }
  }

  /** After the sign was raised it returns at once: who may not stop waits in the receive only. */
  private void awaitClientOrSign() {
    int _ = socketAndSign.await(PollSet.FOR_EVER);
  }

  @Override
  public int send(MemorySegment buffer, int offset, int length) {
    int sent;
    do {
      sent = socket.send(buffer, offset, length);
    } while (sent == -Errnos.EINTR);
    return sent;
  }

  @Override
  public void hangUp() {
    hungUp = true;
    socket.shutDown(LinuxSocket.SHUT_RDWR);
  }

  @Override
  public void finish(Duration patience) {
    socket.shutDown(LinuxSocket.SHUT_WR);
    long deadline = System.nanoTime() + patience.toNanos();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment discarded = arena.allocate(DISCARDED_BYTES);
      while (!hungUp && mayBeLost() && System.nanoTime() - deadline < 0) {
        int received = socket.receive(discarded, 0, DISCARDED_BYTES);
        if (received == 0 || isBroken(received)) {
          return; // the client has left
        }
      }
    }
  }

  /** Whether a reset now could take replies away from the client, or would be one. */
  private boolean mayBeLost() {
    boolean isUnread = socketAndSign.await(0) > 0 && socketAndSign.isReady(CLIENT);
    return isUnread || socket.unsentBytes() > 0;
  }

  private static boolean isBroken(int received) {
    return received < 0 && received != -Errnos.EAGAIN && received != -Errnos.EINTR;
  }

  @Override
  public LinuxSocket socket() {
    return socket;
  }

  @Override
  public void close() {
    socket.close();
  }
}
