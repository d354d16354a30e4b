package io.zublk.nbd;

import io.zublk.block.FailureListener;
import io.zublk.block.RateLimitedLog;
import io.zublk.block.Threads;
import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxSocket;
import io.zublk.uring.sys.PollSet;

/** The thread of a server that accepts clients and watches the deadline of their handshakes. */
final class Acceptor {

  /** How often the handshakes' deadline is looked at, in milliseconds; it need not be precise. */
  private static final int WATCH_MILLIS = 200;

  private static final String CANNOT_ACCEPT = "cannot accept a client";

  /** Where clients go. */
  interface Reception {

    /** Takes a client, whose socket is its own now. */
    void welcome(LinuxSocket client) throws LinuxException;

    void dropOverdueHandshakes();
  }

  private final Reception reception;
  private final Listener listener;
  private final StopSign sign;
  private final FailureListener failures;
  private final RateLimitedLog log;
  private final PollSet listenerAndSign;
  private final Thread thread;

  /**
   * Makes the thread.
   *
   * @param sign ends it
   * @param failures is told if the socket is lost
   */
  Acceptor(
      Reception reception,
      Listener listener,
      StopSign sign,
      FailureListener failures,
      RateLimitedLog log) {
    this.reception = reception;
    this.listener = listener;
    this.sign = sign;
    this.failures = failures;
    this.log = log;
    this.listenerAndSign = new PollSet(listener.socket().fd(), sign.bell());
    this.thread =
        Thread.ofPlatform()
            .daemon()
            .name("nbd-accept")
            .inheritInheritableThreadLocals(false)
            .unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** Whether it accepts clients still. */
  boolean isRunning() {
    return thread.isAlive();
  }

  /** Waits until it has ended, after the sign was raised. */
  void join() {
    Threads.join(thread);
  }

  /** Nothing ends it but the loss of the socket: the clients to come have done no wrong. */
  private void run() {
    while (!sign.isRaised()) {
      try {
        int _ = listenerAndSign.await(WATCH_MILLIS);
        LinuxSocket client = listener.accept();
        if (client != null) {
          reception.welcome(client);
        }
        reception.dropOverdueHandshakes();
      } catch (LinuxException e) {
        if (isLost(e.errno())) {
          failures.failed("the NBD server lost its socket and accepts no more clients", e);
          return;
        }
        // Out of file descriptors, most likely: clients that leave will free some.
        log.warning(CANNOT_ACCEPT, e);
        pause();
      } catch (Throwable e) {
        log.fault(CANNOT_ACCEPT, e);
        pause();
      }
    }
  }

  private static boolean isLost(int errno) {
    return errno == Errnos.EBADF || errno == Errnos.EINVAL; // it is none, or listens no more
  }

  private static void pause() {
    try {
      Thread.sleep(WATCH_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
