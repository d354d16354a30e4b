package io.zublk.nbd;

import io.zublk.block.FailureListener;
import io.zublk.block.RateLimitedLog;
import io.zublk.uring.sys.UnixListener;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

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

  private final RateLimitedLog log = new RateLimitedLog("io.zublk.nbd");
  private final NbdExport export;
  private final NbdOptions options;
  private final Listener listener;
  private final WorkerPool workers;
  private final Connections connections;
  private final FailureListener failures;

  /** Held as long as the server begins, stops or goes on. */
  private final Object change = new Object();

  // Guarded by that.
  private final List<StopSign> signs = new ArrayList<>();
  private StopSign nextSign;

  /** For anybody to ask. */
  private volatile Acceptor acceptor;

  private NbdServer(
      NbdExport export, NbdOptions options, Listener listener, FailureListener failures)
      throws IOException {
    this.failures = FailureListener.once(failures);
    this.export = export;
    this.options = options;
    this.listener = listener;
    this.workers = new WorkerPool(export.device(), options.workers(), log);
    this.connections = new Connections(export, options, workers, log);
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
    server.connections.inherit(from.clients());
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
  public NbdCounters counters() {
    return connections.counters();
  }

  /** Who is connected, those that came first at the beginning. */
  public List<NbdPeer> clients() {
    return connections.peers();
  }

  // ---- serving, stopping, and going on

  /** Serves those who were stopped, and whoever comes. */
  private void serve() {
    synchronized (change) {
      signs.add(nextSign);
      acceptor = new Acceptor(connections, listener, nextSign, failures, log);
      connections.serve(nextSign);
      nextSign = null;
      acceptor.start();
    }
  }

  /** Has all threads stop before the next client or request. */
  private void stop(Connections.Phase next) {
    connections.stop(next);
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
      checkPhase(Connections.Phase.SERVING);
      nextSign = new StopSign();
      stop(Connections.Phase.STOPPING);
      if (!connections.awaitNone(patience)) {
        int late = connections.count();
        serve();
        throw new IOException(
            "not handed over: "
                + late
                + " clients have not taken their replies, or the device has not made them, within "
                + patience.toMillis()
                + " ms; they are served on");
      }
      return new NbdHandOver(
          listener.socket(),
          listener.address(),
          listener.fileKey(),
          NbdHandOver.Served.of(export),
          connections.handOver());
    }
  }

  /** Serves on after a {@link #handOver} that nobody took. */
  public void goOn() {
    synchronized (change) {
      checkPhase(Connections.Phase.HANDED_OVER);
      serve();
    }
  }

  private void checkPhase(Connections.Phase needed) {
    Connections.Phase phase = connections.phase();
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
      switch (connections.phase()) {
        case CLOSED -> {
          return;
        }
        case HANDED_OVER -> {
          listener.abandon();
          connections.abandon();
        }
        default -> {
          stop(Connections.Phase.CLOSED);
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

  private void endConnections(Duration endLimit) throws IOException {
    boolean _ = connections.awaitNone(options.drainTimeout());
    connections.abort();
    if (!connections.awaitNone(endLimit)) {
      throw new IOException(
          "clients whose requests do not come back from the device: " + connections.count());
    }
  }
}
