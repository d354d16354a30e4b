package io.zublk.nbd;

import io.zublk.block.FailureListener;
import io.zublk.block.RateLimitedLog;
import io.zublk.block.ThreadCounters;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxSocket;
import io.zublk.uring.sys.UnixListener;
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

  private enum Phase {
    SERVING,
    /** No client is asked anything more; some may still get replies. */
    STOPPING,
    /** All clients and the listening socket are for somebody else. */
    HANDED_OVER,
    CLOSED
  }

  private static final String CANNOT_SERVE = "hung up on a client";

  private final RateLimitedLog log = new RateLimitedLog("io.zublk.nbd");
  private final NbdExport export;
  private final NbdOptions options;
  private final Listener listener;
  private final WorkerPool workers;
  private final FailureListener failures;

  /** Held as long as the server begins, stops or goes on. */
  private final Object change = new Object();

  // Guarded by that.
  private final List<StopSign> signs = new ArrayList<>();
  private StopSign nextSign;

  /** For anybody to ask. */
  private volatile Acceptor acceptor;

  // Guarded by this.
  private Phase phase = Phase.SERVING;
  private StopSign sign;
  private final List<StoppedClient> stopped = new ArrayList<>();
  private final Set<NbdConnection> connections = new LinkedHashSet<>();
  private final Deque<ConnectionMemory> unusedMemory = new ArrayDeque<>();
  private final ThreadCounters<Counter> ended = new ThreadCounters<>(Counter.class);
  private long connectionsTotal;
  private long connectionsRefused;
  private long handshakesFailed;

  private NbdServer(
      NbdExport export, NbdOptions options, Listener listener, FailureListener failures)
      throws IOException {
    this.failures = FailureListener.once(failures);
    this.export = export;
    this.options = options;
    this.listener = listener;
    this.workers = new WorkerPool(export.device(), options.workers(), log);
    this.nextSign = new StopSign();
  }

  /** Deletes the socket that a dead server left at an address; nothing else that stands there. */
  public static void removeDeadSocket(NbdAddress.Unix address) throws IOException {
    UnixListener.removeDead(address.path());
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
      server.serve();
      server.log.debug("listening on " + server.address());
      return server;
    } catch (IOException | RuntimeException | Error e) {
      listener.close();
      throw e;
    }
  }

  /**
   * Goes on for another server, which has handed over its clients and serves no more. They see a
   * pause; also those that were in their handshake.
   *
   * @param from what was handed over; the server's from now on, unless this fails
   * @param export the same as there: name, size and whether it may be written
   * @param options of which the limit on clients is for new ones only
   * @throws IOException with one line if this is not possible; the other server can go on
   */
  public static NbdServer resume(
      NbdHandOver from, NbdExport export, NbdOptions options, FailureListener failures)
      throws IOException {
    from.checkExport(export);
    NbdServer server = new NbdServer(export, options, Listener.resume(from), failures);
    server.stopped.addAll(from.clients());
    server.connectionsTotal = from.count();
    server.serve();
    server.log.debug("going on with " + from.count() + " clients on " + server.address());
    return server;
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

  // ---- serving, stopping, and going on

  /** Serves those who were stopped, and whoever comes. */
  private void serve() {
    List<NbdConnection> resumed = new ArrayList<>();
    synchronized (change) {
      signs.add(nextSign);
      acceptor = new Acceptor(new Reception(), listener, nextSign, failures, log);
      synchronized (this) {
        phase = Phase.SERVING;
        sign = nextSign;
        for (StoppedClient client : stopped) {
          resumed.add(admitAgain(client));
        }
        stopped.clear();
      }
      nextSign = null;
      for (NbdConnection connection : resumed) {
        if (connection != null) {
          start(connection);
        }
      }
      acceptor.start();
    }
  }

  /** Has all threads stop before the next client or request. */
  private void stop(Phase next) {
    StopSign raised;
    synchronized (this) {
      phase = next;
      raised = sign;
    }
    raised.raise();
    acceptor.join();
  }

  /**
   * Stops serving and gives all clients to somebody else: no request is read any more, those that
   * were begun are answered, and what was received besides goes along. Device and workers are idle
   * then. The caller sends the result to another process, and {@link #close() closes} this server
   * when that one will go on, without a word to the clients; or it lets this one {@link #goOn}.
   *
   * @param patience how long to wait for the device, and for clients to take their replies
   * @throws IOException if that is not enough, or the system lacks descriptors; with one line. The
   *     server goes on then as if nothing had been
   */
  public NbdHandOver handOver(Duration patience) throws IOException {
    synchronized (change) {
      checkPhase(Phase.SERVING);
      nextSign = new StopSign();
      stop(Phase.STOPPING);
      if (!awaitNoConnections(patience.toMillis())) {
        int late = present().size();
        serve();
        throw new IOException(
            "not handed over: "
                + late
                + " clients have not taken their replies, or the device has not made them, within "
                + patience.toMillis()
                + " ms; they are served on");
      }
      synchronized (this) {
        phase = Phase.HANDED_OVER;
        return new NbdHandOver(
            listener.socket(),
            listener.address(),
            listener.fileKey(),
            NbdHandOver.Served.of(export),
            stopped);
      }
    }
  }

  /** Serves on after a {@link #handOver} that nobody took. */
  public void goOn() {
    synchronized (change) {
      checkPhase(Phase.HANDED_OVER);
      serve();
    }
  }

  private synchronized void checkPhase(Phase needed) {
    if (phase != needed) {
      throw new IllegalStateException("the server is " + phase + ", not " + needed);
    }
  }

  /**
   * Stops accepting clients, answers the requests that were begun, waits until clients have taken
   * the replies, hangs up, and ends all threads. Clients that do not take their replies within the
   * drain timeout are hung up on earlier. After {@link #handOver} it only gives up this process's
   * part of the sockets.
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
    synchronized (change) {
      switch (phase()) {
        case CLOSED -> {
          return;
        }
        case HANDED_OVER -> abandonClients();
        default -> {
          stop(Phase.CLOSED);
          listener.close();
          endConnections(endLimit);
        }
      }
      workers.shutDown();
      signs.forEach(StopSign::close);
      if (nextSign != null) {
        nextSign.close();
      }
    }
  }

  private synchronized void abandonClients() {
    phase = Phase.CLOSED;
    listener.abandon();
    stopped.forEach(client -> client.socket().close());
  }

  private void endConnections(Duration endLimit) throws IOException {
    awaitNoConnections(options.drainTimeout().toMillis());
    for (NbdConnection connection : present()) {
      connection.abort();
    }
    if (!awaitNoConnections(endLimit.toMillis())) {
      throw new IOException(
          "clients whose requests do not come back from the device: " + present().size());
    }
  }

  private synchronized Phase phase() {
    return phase;
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

  private final class Reception implements Acceptor.Reception {
    @Override
    public void welcome(LinuxSocket client) throws LinuxException {
      NbdServer.this.welcome(client);
    }

    @Override
    public void dropOverdueHandshakes() {
      NbdServer.this.dropOverdueHandshakes();
    }
  }

  /** Serves a client that has just connected, if it may come. */
  private void welcome(LinuxSocket socket) throws LinuxException {
    NbdConnection connection = null;
    try {
      connection = admit(socket);
      if (connection == null) {
        log.warning(
            CANNOT_SERVE,
            options.maxConnections() + " are connected, and no more may be at a time");
      }
    } catch (OutOfMemoryError e) {
      log.warning(CANNOT_SERVE, e); // the system gives no more memory for buffers
    } finally {
      if (connection == null) {
        socket.close();
      }
    }
    if (connection != null) {
      start(connection);
    }
  }

  /** Serves a client on a thread of its own, if that can be had. */
  private void start(NbdConnection connection) {
    boolean served = false;
    try {
      Thread.ofPlatform()
          .daemon()
          .name("nbd-client")
          .inheritInheritableThreadLocals(false)
          .start(connection);
      served = true;
    } catch (OutOfMemoryError e) {
      log.warning(CANNOT_SERVE, e); // the system gives no more threads
    } finally {
      if (!served) {
        connection.drop();
        connectionEnded(connection, null);
      }
    }
  }

  private synchronized NbdConnection admit(LinuxSocket socket) throws LinuxException {
    if (connections.size() >= options.maxConnections()) {
      connectionsRefused++;
      return null;
    }
    NbdConnection connection = add(StoppedClient.connected(socket));
    connectionsTotal++;
    return connection;
  }

  /** Admits a client that was served before; null if it must be hung up on, which has been done. */
  private synchronized NbdConnection admitAgain(StoppedClient client) {
    try {
      return add(client);
    } catch (LinuxException | OutOfMemoryError e) {
      log.warning(CANNOT_SERVE, e);
      client.socket().close();
      return null;
    }
  }

  private NbdConnection add(StoppedClient client) throws LinuxException {
    ConnectionMemory memory = unusedMemory.poll();
    NbdConnection connection =
        new NbdConnection(
            this,
            new StoppableSocket(client.socket(), sign),
            client,
            export,
            workers,
            memory == null ? new ConnectionMemory() : memory,
            System.nanoTime() + options.handshakeTimeout().toNanos());
    connections.add(connection);
    return connection;
  }

  private synchronized void dropOverdueHandshakes() {
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
    return phase == Phase.CLOSED;
  }

  Duration drainTimeout() {
    return options.drainTimeout();
  }

  /**
   * Forgets a connection.
   *
   * @param client what is to be gone on with; null if the client was hung up on
   */
  void connectionEnded(NbdConnection connection, StoppedClient client) {
    NbdConnection next = null;
    synchronized (this) {
      if (!connections.remove(connection)) {
        return;
      }
      connection.addCountersTo(ended);
      unusedMemory.add(connection.memory());
      if (client != null) {
        next = stopped(client);
      }
      notifyAll();
    }
    if (next != null) {
      start(next);
    }
  }

  private NbdConnection stopped(StoppedClient client) {
    return switch (phase) {
      case SERVING -> admitAgain(client); // a hand-over was called off before it had stopped
      case STOPPING, HANDED_OVER -> {
        stopped.add(client);
        yield null;
      }
      case CLOSED -> {
        client.socket().close();
        yield null;
      }
    };
  }
}
