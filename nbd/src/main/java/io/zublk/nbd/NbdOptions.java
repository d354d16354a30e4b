package io.zublk.nbd;

import java.time.Duration;

/**
 * The limits of a server.
 *
 * @param maxConnections clients served at a time; further ones are hung up on. Each costs a thread
 *     and up to {@link ConnectionMemory#MAX_BYTES} of direct memory. The default, 32, is what 16
 *     fio jobs or two qemu with 16 connections each need
 * @param handshakeTimeout how long a client may take from connecting to its first request; an
 *     honest one takes milliseconds, also across a slow network a second. Default: 10 s
 * @param workers threads that share large requests with the connections' own threads, at most 64
 *     (idle ones are the bits of a long). Default: one per processor
 * @param drainTimeout how long {@link NbdServer#close()} waits for clients to take the replies of
 *     requests in flight before it hangs up. Default: 5 s
 */
public record NbdOptions(
    int maxConnections, Duration handshakeTimeout, int workers, Duration drainTimeout) {

  public NbdOptions {
    if (maxConnections < 1 || maxConnections > 1024) {
      throw new IllegalArgumentException(
          "max connections " + maxConnections + " is not in 1..1024");
    }
    if (workers < 0 || workers > WorkerPool.MAX_WORKERS) {
      throw new IllegalArgumentException("workers " + workers + " is not in 0..64");
    }
  }

  /** The defaults above. */
  public static NbdOptions defaults() {
    int workers = Math.min(Runtime.getRuntime().availableProcessors(), WorkerPool.MAX_WORKERS);
    return new NbdOptions(32, Duration.ofSeconds(10), workers, Duration.ofSeconds(5));
  }

  /** These options with another limit on connections. */
  public NbdOptions withMaxConnections(int connections) {
    return new NbdOptions(connections, handshakeTimeout, workers, drainTimeout);
  }

  /** These options with another handshake deadline. */
  public NbdOptions withHandshakeTimeout(Duration timeout) {
    return new NbdOptions(maxConnections, timeout, workers, drainTimeout);
  }

  /** These options with another number of worker threads. */
  public NbdOptions withWorkers(int count) {
    return new NbdOptions(maxConnections, handshakeTimeout, count, drainTimeout);
  }

  /** These options with another patience on close. */
  public NbdOptions withDrainTimeout(Duration timeout) {
    return new NbdOptions(maxConnections, handshakeTimeout, workers, timeout);
  }

  /**
   * The most direct memory a server with these options ever holds, in bytes: what to add to the
   * JVM's {@code -XX:MaxDirectMemorySize}.
   */
  public long maxDirectMemoryBytes() {
    return (long) maxConnections * ConnectionMemory.MAX_BYTES
        + (long) workers * ReplyBuffer.CAPACITY_BYTES;
  }
}
