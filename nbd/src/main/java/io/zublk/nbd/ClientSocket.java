package io.zublk.nbd;

import io.zublk.uring.sys.LinuxSocket;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/**
 * The server's end of a connection. The connection's thread receives; it and those that help it
 * send, one at a time. None of them may use it after {@link #close}.
 */
interface ClientSocket extends AutoCloseable {

  /**
   * Waits for bytes and receives them.
   *
   * @param mayStop whether the server may stop the connection here; then nothing is received
   * @return how many came, 0 if the client sends no more
   * @throws StoppedException if the server did
   */
  int receive(MemorySegment buffer, int offset, int length, boolean mayStop) throws IOException;

  /**
   * Whether the server wants the connection to stop. Asked before each request, for {@link
   * #receive} may not be needed for many.
   */
  boolean isToStop();

  /**
   * Sends bytes, and waits until the system takes them.
   *
   * @return how many were sent, or a negative errno
   */
  int send(MemorySegment buffer, int offset, int length);

  /** Ends the connection now. From any thread, also after {@link #close}; wakes one that waits. */
  void hangUp();

  /**
   * Ends a connection in which nothing is to be received or sent any more: waits until the client
   * has taken all replies. To close before would take them away from it, as the system tells a
   * client with a reset that bytes of its were left unread.
   *
   * @param patience how long at most
   */
  void finish(Duration patience);

  /** The socket itself, for another server to go on with. */
  LinuxSocket socket();

  @Override
  void close();
}
