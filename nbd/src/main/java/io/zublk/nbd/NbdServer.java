package io.zublk.nbd;

import io.zublk.block.FailureListener;
import io.zublk.block.RateLimitedLog;
import io.zublk.block.ThreadCounters;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxSocket;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Serves an export to NBD clients until it is closed.
 *
 * <p>One thread accepts clients and watches the deadline of their handshakes; each client has a
 * thread ({@link NbdConnection}), and all share some workers. Connections and their memory are
 * limited by {@link NbdOptions}.
 */
public final class NbdServer implements AutoCloseable {

  /**
   * How long {@link #close()} waits for threads of clients that were hung up on. They end with the
   * operation of the device that they are in, which takes milliseconds, a page store's longest
   * patience with a damaged page some seconds.
   */
  private static final Duration END_LIMIT = Duration.ofSeconds(30);

  private static final String CANNOT_SERVE = "hung up on a client";

  private final RateLimitedLog log = new RateLimitedLog("io.zublk.nbd");
  private final NbdExport export;
  private final NbdOptions options;
  private final Listener listener;
  private final WorkerPool workers;
  private final StopSign sign;
  private final Acceptor acceptor;

  // Guarded by this.
  private final Set<NbdConnection> connections = new LinkedHashSet<>();
  private final Deque<ConnectionMemory> unusedMemory = new ArrayDeque<>();
  private final ThreadCounters<Counter> ended = new ThreadCounters<>(Counter.class);
  private long connectionsTotal;
  private long connectionsRefused;
  private long handshakesFailed;
  private boolean closed;

  private NbdServer(
      NbdExport export, NbdOptions options, Listener listener, FailureListener failures)
      throws IOException {
    this.export = export;
    this.options = options;
    this.listener = listener;
    this.workers = new WorkerPool(export.device(), options.workers(), log);
    this.sign = new StopSign();
    this.acceptor = new Acceptor(this, listener, sign, FailureListener.once(failures));
  }

  /** Deletes the socket that a dead server left at an address; nothing else that stands there. */
  public static void removeDeadSocket(NbdAddress.Unix address) throws IOException {
    SocketFile file = SocketFile.at(address.path());
    if (file.kind() == SocketFile.Kind.DEAD) {
      file.deleteDead();
    }
  }

  /**
   * Starts to serve.
   *
   * @throws IOException with one line for the user if the address cannot be had
   */
  public static NbdServer start(NbdAddress address, NbdExport export, NbdOptions options)
      throws IOException {
    return start(address, export, options, (_, _) -> {});
  }

  /**
   * Starts to serve, for somebody who wants to know when that has an end.
   *
   * @param failures is told when no more clients can be accepted. Those that are connected are
   *     served on; lack of memory, threads or file descriptors is no failure, as it may pass
   * @throws IOException with one line for the user if the address cannot be had
   */
  public static NbdServer start(
      NbdAddress address, NbdExport export, NbdOptions options, FailureListener failures)
      throws IOException {
    return start(Listener.open(address, options), export, options, failures);
  }

  /** Starts to serve; the listener is the server's from now on. */
  static NbdServer start(
      Listener listener, NbdExport export, NbdOptions options, FailureListener failures)
      throws IOException {
    try {
      NbdServer server = new NbdServer(export, options, listener, failures);
      server.acceptor.start();
      server.log.debug("listening on " + server.address());
      return server;
    } catch (IOException | RuntimeException | Error e) {
      listener.close();
      throw e;
    }
  }

  /** Where clients find the export; with the port that the system chose. */
  public URI uri() {
    return address().uri(export.name());
  }

  /** The address the server listens on; with the port that the system chose. */
  public NbdAddress address() {
    return listener.address();
  }

  /**
   * Whether more clients can connect. They cannot once the socket is lost, or its file is deleted;
   * those that are connected are served on.
   */
  public boolean isListening() {
    return acceptor.isRunning() && listener.isFound();
  }

  /** What was done so far. */
  public synchronized NbdCounters counters() {
    ThreadCounters<Counter> sum = new ThreadCounters<>(Counter.class);
    sum.addAll(ended);
    for (NbdConnection connection : connections) {
      connection.addCountersTo(sum);
    }
    workers.addCountersTo(sum);
    return NbdCounters.of(
        connections.size(), connectionsTotal, connectionsRefused, handshakesFailed, sum);
  }

  /**
   * Stops accepting clients, answers the requests that were begun, waits until clients have taken
   * the replies, hangs up, and ends all threads. Clients that do not take their replies within the
   * drain timeout are hung up on earlier.
   *
   * @throws IOException if the device keeps threads for so long that waiting is in vain; they may
   *     use it still, and memory of its must not be given back
   */
  @Override
  public void close() throws IOException {
    close(END_LIMIT);
  }

  /** Closes, and waits so long for threads that no client keeps any more. */
  void close(Duration endLimit) throws IOException {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    sign.raise();
    acceptor.join();
    listener.close();
    awaitNoConnections(options.drainTimeout().toMillis());
    for (NbdConnection connection : present()) {
      connection.abort();
    }
    if (!awaitNoConnections(endLimit.toMillis())) {
      throw new IOException(
          "clients whose requests do not come back from the device: " + present().size());
    }
    workers.shutDown();
    sign.close();
  }

  private synchronized List<NbdConnection> present() {
    return new ArrayList<>(connections);
  }

  /** Waits until all connections have ended, and returns whether they have. */
  private synchronized boolean awaitNoConnections(long millis) {
    long deadline = System.nanoTime() + millis * 1_000_000;
    boolean interrupted = false;
    long left = millis;
    while (!connections.isEmpty() && left > 0) {
      try {
        wait(left);
      } catch (InterruptedException e) {
        interrupted = true; // what the threads use could not be given back
      }
      left = (deadline - System.nanoTime()) / 1_000_000;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return connections.isEmpty();
  }

  // ---- clients

  /** Serves a client on a thread of its own, if it can be had. */
  void welcome(LinuxSocket socket) throws LinuxException {
    NbdConnection connection = null;
    boolean served = false;
    try {
      connection = admit(socket);
      if (connection == null) {
        log.warning(
            CANNOT_SERVE,
            options.maxConnections() + " are connected, and no more may be at a time");
      } else {
        Thread.ofPlatform()
            .daemon()
            .name("nbd-client")
            .inheritInheritableThreadLocals(false)
            .start(connection);
        served = true;
      }
    } catch (OutOfMemoryError e) {
      // The system gives no more threads, or no more memory for buffers.
      log.warning(CANNOT_SERVE, e);
    } finally {
      if (!served) {
        socket.close();
        if (connection != null) {
          connectionEnded(connection, null);
        }
      }
    }
  }

  private synchronized NbdConnection admit(LinuxSocket socket) throws LinuxException {
    if (connections.size() >= options.maxConnections()) {
      connectionsRefused++;
      return null;
    }
    ConnectionMemory memory = unusedMemory.poll();
    NbdConnection connection =
        new NbdConnection(
            this,
            new StoppableSocket(socket, sign),
            StoppedClient.connected(socket),
            export,
            workers,
            memory == null ? new ConnectionMemory() : memory,
            System.nanoTime() + options.handshakeTimeout().toNanos());
    connections.add(connection);
    connectionsTotal++;
    return connection;
  }

  synchronized void dropOverdueHandshakes() {
    long now = System.nanoTime();
    for (NbdConnection connection : connections) {
      connection.abortIfOverdue(now);
    }
  }

  // ---- what connections report

  RateLimitedLog log() {
    return log;
  }

  synchronized void handshakeFailed() {
    handshakesFailed++;
  }

  /** Whether connections that are stopped are to end. */
  synchronized boolean isClosed() {
    return closed;
  }

  Duration drainTimeout() {
    return options.drainTimeout();
  }

  synchronized void connectionEnded(NbdConnection connection, StoppedClient stopped) {
    if (connections.remove(connection)) {
      connection.addCountersTo(ended);
      unusedMemory.add(connection.memory());
      notifyAll();
    }
  }
}
