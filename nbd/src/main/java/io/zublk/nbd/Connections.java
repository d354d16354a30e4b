package io.zublk.nbd;

import io.zublk.block.RateLimitedLog;
import io.zublk.block.ThreadCounters;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxSocket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * The clients of a server: those that are served, each by a thread of its own, and those that were
 * stopped, for somebody to go on with. Who may come, and what becomes of one whose thread ends, is
 * decided here. All methods may be called by any thread.
 */
final class Connections implements Acceptor.Reception {

  enum Phase {
    SERVING,
    /** No client is asked anything more; some may still get replies. */
    STOPPING,
    /** All clients and the listening socket are for somebody else. */
    HANDED_OVER,
    CLOSED
  }

  private static final String CANNOT_SERVE = "hung up on a client";

  /**
   * How long a client beyond the limit waits for a place: some that count may have left, and their
   * threads had no CPU since. Who comes after it waits as long.
   */
  private static final Duration PATIENCE = Duration.ofMillis(500);

  private final NbdExport export;
  private final NbdOptions options;
  private final WorkerPool workers;
  private final RateLimitedLog log;

  // Guarded by this.
  private Phase phase = Phase.SERVING;
  private StopSign sign;
  private final List<StoppedClient> stopped = new ArrayList<>();
  private final Set<NbdConnection> connected = new LinkedHashSet<>();
  private final Deque<ConnectionMemory> unusedMemory = new ArrayDeque<>();
  private final ThreadCounters<Counter> ended = new ThreadCounters<>(Counter.class);
  private long total;
  private long refused;
  private long handshakesFailed;

  Connections(NbdExport export, NbdOptions options, WorkerPool workers, RateLimitedLog log) {
    this.export = export;
    this.options = options;
    this.workers = workers;
    this.log = log;
  }

  /** Takes clients over, before any is served; whoever else they were, they have come here. */
  synchronized void inherit(List<StoppedClient> clients) {
    stopped.addAll(clients);
    total = clients.size();
  }

  /**
   * Serves those who were stopped, and from now on whoever comes.
   *
   * @param until ends that, for all of them
   */
  void serve(StopSign until) {
    List<NbdConnection> resumed = new ArrayList<>();
    synchronized (this) {
      phase = Phase.SERVING;
      sign = until;
      for (StoppedClient client : stopped) {
        resumed.add(admitAgain(client));
      }
      stopped.clear();
    }
    for (NbdConnection connection : resumed) {
      if (connection != null) {
        start(connection);
      }
    }
  }

  /** Has all threads stop before the next request, and those that wait for clients as well. */
  void stop(Phase next) {
    StopSign raised;
    synchronized (this) {
      phase = next;
      raised = sign;
      notifyAll();
    }
    raised.raise();
  }

  /** Gives those who were stopped to somebody else; all must have been. */
  synchronized List<StoppedClient> handOver() {
    phase = Phase.HANDED_OVER;
    return stopped;
  }

  /** Gives up this process's part of the sockets that were handed over. */
  synchronized void abandon() {
    phase = Phase.CLOSED;
    stopped.forEach(client -> client.socket().close());
  }

  /** Hangs up on all. */
  void abort() {
    List<NbdConnection> all;
    synchronized (this) {
      all = new ArrayList<>(connected);
    }
    all.forEach(NbdConnection::abort);
  }

  synchronized Phase phase() {
    return phase;
  }

  /** How many are served. */
  synchronized int count() {
    return connected.size();
  }

  /** Waits until none is served any more, and returns whether that is so. */
  synchronized boolean awaitNone(Duration limit) {
    return awaitAtMost(0, limit, () -> false);
  }

  /**
   * Waits until so many are served, or fewer, and returns whether that is so.
   *
   * @param isPointless ends the wait as well, when somebody has notified
   */
  private boolean awaitAtMost(int most, Duration limit, BooleanSupplier isPointless) {
    long deadline = System.nanoTime() + limit.toNanos();
    boolean interrupted = false;
    long left = limit.toMillis();
    while (connected.size() > most && left > 0 && !isPointless.getAsBoolean()) {
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
    return connected.size() <= most;
  }

  /** Who is served, those that came first at the beginning. */
  synchronized List<NbdPeer> peers() {
    return connected.stream().map(NbdConnection::peer).toList();
  }

  /** What was done so far. */
  synchronized NbdCounters counters() {
    ThreadCounters<Counter> sum = new ThreadCounters<>(Counter.class);
    sum.addAll(ended);
    for (NbdConnection connection : connected) {
      connection.addCountersTo(sum);
    }
    workers.addCountersTo(sum);
    return NbdCounters.of(connected.size(), total, refused, handshakesFailed, sum);
  }

  // ---- who comes

  @Override
  public void welcome(LinuxSocket socket) throws LinuxException {
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
        ended(connection, null);
      }
    }
  }

  private synchronized NbdConnection admit(LinuxSocket socket) throws LinuxException {
    if (!awaitAtMost(options.maxConnections() - 1, PATIENCE, () -> phase != Phase.SERVING)) {
      refused++;
      return null;
    }
    NbdConnection connection = add(StoppedClient.connected(socket));
    total++;
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
            NbdPeer.of(client.socket()),
            new StoppableSocket(client.socket(), sign),
            client,
            export,
            workers,
            memory == null ? new ConnectionMemory() : memory,
            System.nanoTime() + options.handshakeTimeout().toNanos());
    connected.add(connection);
    return connection;
  }

  @Override
  public synchronized void dropOverdueHandshakes() {
    long now = System.nanoTime();
    for (NbdConnection connection : connected) {
      connection.abortIfOverdue(now);
    }
  }

  // ---- what connections report

  RateLimitedLog log() {
    return log;
  }

  void handshakeFailed(String why) {
    synchronized (this) {
      handshakesFailed++;
    }
    log.warning(CANNOT_SERVE, why);
  }

  /** Whether connections that are stopped are to end. */
  synchronized boolean areClosed() {
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
  void ended(NbdConnection connection, StoppedClient client) {
    NbdConnection next = null;
    synchronized (this) {
      if (!connected.remove(connection)) {
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
