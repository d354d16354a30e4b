package io.zublk.vhost;

import io.zublk.block.BlockDevice;
import io.zublk.block.FailureListener;
import io.zublk.block.Polling;
import io.zublk.block.RateLimitedLog;
import io.zublk.block.ThreadCounters;
import io.zublk.block.Threads;
import io.zublk.uring.sys.EventCount;
import io.zublk.uring.sys.LinuxSocket;
import io.zublk.uring.sys.PollSet;
import io.zublk.uring.sys.SocketAccess;
import io.zublk.uring.sys.UnixListener;
import io.zublk.vhost.io.RingThreads;
import io.zublk.vhost.protocol.BackChannel;
import io.zublk.vhost.protocol.Session;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * A {@link BlockDevice} for a virtual machine, or for a program with a vhost-user-blk driver of its
 * own such as libblkio: requests travel through memory that the client shares, with no system call
 * while both sides look.
 *
 * <p>One client at a time; a second one is hung up on, and one that comes when the first has left
 * is served. Thread-safe.
 */
public final class VhostServer implements AutoCloseable {

  // In the set of what wakes the thread; the bell comes first.
  private static final int LISTENER = 1;
  private static final int CLIENT = 2;

  /** So many may wait to be accepted, or hung up on. */
  private static final int BACKLOG = 16;

  /** How long to let be what went wrong with accepting, in milliseconds. */
  private static final long PAUSE_MILLIS = 200;

  /** How long after its last word a client is called again, in milliseconds. */
  private static final int CALL_AGAIN_MILLIS = 100;

  private final RateLimitedLog log = new RateLimitedLog("io.zublk.vhost");
  private final BlockDevice device;
  private final VhostOptions options;
  private final FailureListener failures;
  private final Path path;
  private final UnixListener listener;
  private final EventCount bell;
  private final RingThreads threads;
  private final BackChannel backChannel = new BackChannel();
  private final Thread thread;

  private volatile boolean closed;

  /** That of the present client, to hang up on it; null if there is none. */
  private volatile LinuxSocket clientSocket;

  /** The present client as others see it; null if there is none. */
  private volatile VhostClient client;

  /** Of the present client; the thread's alone. */
  private Session session;

  private VhostServer(
      Path path, BlockDevice device, VhostOptions options, FailureListener listening)
      throws IOException {
    this.device = device;
    this.options = options;
    this.failures = FailureListener.once(listening);
    this.path = path.toAbsolutePath();
    this.listener = listen(this.path, options.socketAccess());
    try {
      this.bell = EventCount.open();
      this.threads = new RingThreads(device, options, log, failures);
    } catch (IOException | RuntimeException | Error e) {
      listener.close();
      throw e;
    }
    this.thread =
        Thread.ofPlatform()
            .daemon()
            .name("vhost-clients")
            .inheritInheritableThreadLocals(false)
            .unstarted(this::serveClients);
  }

  /**
   * Starts to serve.
   *
   * @param path where the socket is made
   * @param failures is told when a thread that serves requests has failed, or no more clients can
   *     come; then close this
   * @throws IOException with one line for the user if the path cannot be had
   */
  public static VhostServer start(
      Path path, BlockDevice device, VhostOptions options, FailureListener failures)
      throws IOException {
    VhostServer server = new VhostServer(path, device, options, failures);
    server.thread.start();
    return server;
  }

  private static UnixListener listen(Path path, SocketAccess access) throws IOException {
    try {
      return UnixListener.open(path, access, BACKLOG);
    } catch (IOException e) {
      throw new IOException("cannot listen at " + path + ": " + e.getMessage(), e);
    }
  }

  /**
   * Deletes the socket that a dead server has left at a path. Whatever else is there stays.
   *
   * @throws IOException if it cannot be deleted
   */
  public static void removeDeadSocket(Path path) throws IOException {
    UnixListener.removeDead(path);
  }

  /** Where clients connect. */
  public Path path() {
    return path;
  }

  /** Whether a client that comes finds the socket: somebody may have deleted it. */
  public boolean isListening() {
    return !closed && listener.isFound();
  }

  /** Who is connected; empty if nobody is. */
  public Optional<VhostClient> client() {
    return Optional.ofNullable(client);
  }

  /**
   * Has the client ask for the device's size, which has changed.
   *
   * @return false if one is connected that does not hear of it until it connects again
   */
  public boolean resized() {
    return backChannel.tellConfigChange() || client == null;
  }

  /** Changes how the threads wait, from the next wait of each on. */
  public void setPolling(Polling polling) {
    threads.setPolling(polling);
  }

  /** What was done so far. */
  public VhostStatistics statistics() {
    ThreadCounters<VhostCounter> counters = threads.counters();
    Map<VhostCounter, Long> counts = new EnumMap<>(VhostCounter.class);
    for (VhostCounter counter : VhostCounter.values()) {
      counts.put(counter, counters.get(counter));
    }
    return new VhostStatistics(counts);
  }

  // ---- the thread

  private void serveClients() {
    try {
      while (!closed) {
        PollSet ready = readySet();
        boolean callsAgain = session != null && session.callsAgain();
        int result = ready.await(callsAgain ? CALL_AGAIN_MILLIS : PollSet.FOR_EVER);
        if (result == 0) {
          session.callAgain();
        }
        if (result <= 0) {
          continue; // that, or a signal
        }
        if (session != null && ready.isReady(CLIENT)) {
          serveClient();
        }
        if (ready.isReady(LISTENER)) {
          accept();
        }
      }
    } catch (Throwable t) {
      failures.failed("the vhost-user server accepts no more clients", t);
    } finally {
      endSession();
    }
  }

  private PollSet readySet() {
    LinuxSocket socket = clientSocket;
    return socket == null
        ? new PollSet(bell.fd(), listener.socket().fd())
        : new PollSet(bell.fd(), listener.socket().fd(), socket.fd());
  }

  // All that it has said: a client that has left must not keep the next one from coming.
  private void serveClient() {
    PollSet words = new PollSet(clientSocket.fd());
    try {
      do {
        session.serve();
        client = client.keepingInflight(session.keepsInflight());
      } while (!closed && words.await(0) > 0);
    } catch (EOFException _) {
      endSession();
    } catch (IOException e) {
      log.warning("hung up on a client", e.getMessage());
      endSession();
    } catch (RuntimeException | Error e) {
      log.fault("hung up on a client", e);
      endSession();
    }
  }

  private void endSession() {
    if (session != null) {
      clientSocket = null;
      client = null;
      session.close();
      session = null;
      log.debug("a client has left");
    }
  }

  private void accept() throws InterruptedException {
    try {
      LinuxSocket socket = listener.socket().accept();
      if (socket == null) {
        return;
      }
      if (session != null) {
        log.warning("hung up on a client", client + " is connected, and one at a time is served");
        socket.close();
        return;
      }
      welcome(socket);
    } catch (IOException | OutOfMemoryError e) {
      // Out of file descriptors, most likely.
      log.warning("cannot accept a client", e);
      Thread.sleep(PAUSE_MILLIS);
    }
  }

  private void welcome(LinuxSocket socket) throws IOException {
    try {
      client = new VhostClient(socket.peerProcess(), false);
      session = new Session(socket, device, options, threads, backChannel, log);
      clientSocket = socket;
      if (closed) {
        socket.shutDown(LinuxSocket.SHUT_RDWR);
      }
      log.debug("a client has come");
    } catch (IOException | RuntimeException | Error e) {
      client = null;
      socket.close();
      throw e;
    }
  }

  /**
   * Hangs up on the client, ends all threads and deletes the socket. Closing twice does nothing.
   */
  @Override
  public synchronized void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    bell.add();
    LinuxSocket socket = clientSocket;
    if (socket != null) {
      socket.shutDown(LinuxSocket.SHUT_RDWR);
    }
    Threads.join(thread);
    threads.close();
    bell.close();
    listener.close();
  }
}
