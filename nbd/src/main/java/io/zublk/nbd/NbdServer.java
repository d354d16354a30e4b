package io.zublk.nbd;

import io.zublk.block.Threads;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
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

  private static final System.Logger LOG = System.getLogger("io.zublk.nbd");

  /** How often the handshakes' deadline is looked at, in milliseconds; it need not be precise. */
  private static final long WATCH_MILLIS = 200;

  /**
   * What a unix socket may hold towards the client, in bytes (the kernel doubles it, and caps it at
   * net.core.wmem_max): one full reply is on its way while the next is made.
   */
  private static final int UNIX_SEND_BUFFER_BYTES = 512 << 10;

  private final NbdExport export;
  private final NbdOptions options;
  private final Listener listener;
  private final Selector selector;
  private final WorkerPool workers;
  private final Thread acceptor;

  // Guarded by this.
  private final Set<NbdConnection> connections = new LinkedHashSet<>();
  private final Deque<ConnectionMemory> unusedMemory = new ArrayDeque<>();
  private final CounterCell ended = new CounterCell();
  private long connectionsTotal;
  private long connectionsRefused;
  private long handshakesFailed;
  private boolean closed;

  private NbdServer(NbdExport export, NbdOptions options, Listener listener) throws IOException {
    this.export = export;
    this.options = options;
    this.listener = listener;
    this.selector = Selector.open();
    listener.channel().configureBlocking(false);
    listener.channel().register(selector, SelectionKey.OP_ACCEPT);
    this.workers = new WorkerPool(export.device(), options.workers());
    this.acceptor =
        Thread.ofPlatform()
            .daemon()
            .name("nbd-accept")
            .inheritInheritableThreadLocals(false)
            .unstarted(this::accept);
  }

  /**
   * Starts to serve.
   *
   * @throws IOException with one line for the user if the address cannot be had
   */
  public static NbdServer start(NbdAddress address, NbdExport export, NbdOptions options)
      throws IOException {
    Listener listener = Listener.open(address);
    try {
      NbdServer server = new NbdServer(export, options, listener);
      server.acceptor.start();
      return server;
    } catch (IOException | RuntimeException e) {
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

  /** What was done so far. */
  public synchronized NbdCounters counters() {
    CounterCell sum = new CounterCell();
    sum.addAll(ended);
    for (NbdConnection connection : connections) {
      sum.addAll(connection.counters());
    }
    workers.addCountersTo(sum);
    return NbdCounters.of(
        connections.size(), connectionsTotal, connectionsRefused, handshakesFailed, sum);
  }

  /**
   * Stops accepting clients, answers the requests that were received, hangs up, and ends all
   * threads. Clients that do not take their replies within the drain timeout are hung up on
   * earlier.
   */
  @Override
  public void close() throws IOException {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    selector.wakeup();
    Threads.join(acceptor);
    selector.close();
    listener.close();
    for (NbdConnection connection : present()) {
      connection.stopReceiving();
    }
    awaitNoConnections(options.drainTimeout().toMillis());
    for (NbdConnection connection : present()) {
      connection.abort();
    }
    awaitNoConnections(Long.MAX_VALUE / 2_000_000);
    workers.shutDown();
  }

  private synchronized List<NbdConnection> present() {
    return new ArrayList<>(connections);
  }

  private synchronized void awaitNoConnections(long millis) {
    long deadline = System.nanoTime() + millis * 1_000_000;
    boolean interrupted = false;
    while (!connections.isEmpty()) {
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        break;
      }
      try {
        wait(left);
      } catch (InterruptedException e) {
        interrupted = true;
        break;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  // ---- the accepting thread

  private void accept() {
    while (!isClosed()) {
      try {
        selector.select(WATCH_MILLIS);
        selector.selectedKeys().clear();
        SocketChannel channel = listener.channel().accept();
        if (channel != null) {
          welcome(channel);
        }
      } catch (IOException e) {
        // Out of file descriptors, most likely: clients that leave will free some.
        LOG.log(Level.WARNING, "cannot accept a client: {0}", e.toString());
        pause();
      }
      dropLateHandshakes();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(WATCH_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void welcome(SocketChannel channel) throws IOException {
    NbdConnection connection = admit(channel);
    if (connection == null) {
      channel.close();
      return;
    }
    try {
      if (address() instanceof NbdAddress.Tcp) {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      } else {
        channel.setOption(StandardSocketOptions.SO_SNDBUF, UNIX_SEND_BUFFER_BYTES);
      }
      Thread.ofPlatform()
          .daemon()
          .name("nbd-client")
          .inheritInheritableThreadLocals(false)
          .start(connection);
    } catch (IOException | OutOfMemoryError e) {
      // OutOfMemoryError: the system gives no more threads.
      LOG.log(Level.WARNING, "cannot serve a client: {0}", e.toString());
      channel.close();
      connectionEnded(connection);
    }
  }

  private synchronized NbdConnection admit(SocketChannel channel) {
    if (connections.size() >= options.maxConnections()) {
      connectionsRefused++;
      return null;
    }
    ConnectionMemory memory = unusedMemory.poll();
    NbdConnection connection =
        new NbdConnection(
            this,
            channel,
            export,
            workers,
            memory == null ? new ConnectionMemory() : memory,
            System.nanoTime() + options.handshakeTimeout().toNanos());
    connections.add(connection);
    connectionsTotal++;
    return connection;
  }

  private synchronized void dropLateHandshakes() {
    long now = System.nanoTime();
    for (NbdConnection connection : connections) {
      connection.abortIfLate(now);
    }
  }

  // ---- what connections report

  synchronized void handshakeFailed() {
    handshakesFailed++;
  }

  synchronized void connectionEnded(NbdConnection connection) {
    if (connections.remove(connection)) {
      ended.addAll(connection.counters());
      unusedMemory.add(connection.memory());
      notifyAll();
    }
  }
}
