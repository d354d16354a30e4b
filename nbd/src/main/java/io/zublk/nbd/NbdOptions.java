package io.zublk.nbd;

import io.soabase.recordbuilder.core.RecordBuilder;
import io.zublk.block.IdleSet;
import io.zublk.uring.sys.SocketAccess;
import java.time.Duration;

/**
 * The limits of a server.
 *
 * @param maxConnections clients served at a time; further ones are hung up on. Each costs a thread
 *     and up to {@link ConnectionMemory#MAX_BYTES} of direct memory, which is kept for later ones.
 *     At most 1024, the default is 64: a job of fio is one, a qemu may have 16
 * @param handshakeTimeout how long a client may take from connecting to its first request; an
 *     honest one takes milliseconds, also across a slow network a second. Default: 10 s
 * @param workers threads that share large requests with the connections' own threads, at most 64
 *     (idle ones are the bits of a long). Default: one per processor
 * @param drainTimeout how long {@link NbdServer#close()} waits for clients to take the replies of
 *     requests in flight before it hangs up. Default: 5 s
 * @param socketAccess who may connect to a unix socket. Default: its owner
 */
@RecordBuilder
public record NbdOptions(
    int maxConnections,
    Duration handshakeTimeout,
    int workers,
    Duration drainTimeout,
    SocketAccess socketAccess)
    implements NbdOptionsBuilder.With {

  /** The highest limit on clients; their threads are what more would ask too much for. */
  public static final int MOST_CONNECTIONS = 1024;

  private static final int DEFAULT_CONNECTIONS = 64;

  public NbdOptions {
    if (maxConnections < 1 || maxConnections > MOST_CONNECTIONS) {
      throw new IllegalArgumentException(
          "max connections " + maxConnections + " is not in 1.." + MOST_CONNECTIONS);
    }
    if (workers < 0 || workers > IdleSet.MAX_WORKERS) {
      throw new IllegalArgumentException("workers " + workers + " is not in 0..64");
    }
  }

  /** The defaults above. */
  public static NbdOptions defaults() {
    int workers = Math.min(Runtime.getRuntime().availableProcessors(), IdleSet.MAX_WORKERS);
    return new NbdOptions(
        DEFAULT_CONNECTIONS,
        Duration.ofSeconds(10),
        workers,
        Duration.ofSeconds(5),
        SocketAccess.OWNER);
  }

  /**
   * The most direct memory a server with these options ever holds, in bytes: what to add to the
   * JVM's {@code -XX:MaxDirectMemorySize}.
   */
  public long maxDirectMemoryBytes() {
    return (long) maxConnections * ConnectionMemory.MAX_BYTES
        + (long) workers * TransferBuffer.DIRECT_BYTES;
  }
}
