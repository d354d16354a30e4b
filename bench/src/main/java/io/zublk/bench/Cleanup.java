package io.zublk.bench;

import io.zublk.daemon.UserException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Removes what a benchmark made, in reverse order: at its end, when it fails, and on Ctrl-C. Then
 * the thread that made it all is interrupted and unwinds, while the JVM's shutdown waits for it.
 */
final class Cleanup implements AutoCloseable {

  /**
   * Removing a device takes milliseconds; one that does not go shall not hold the user for long.
   */
  private static final int LIMIT_SECONDS = 30;

  private final Deque<Target> targets = new ArrayDeque<>();
  private final Thread owner = Thread.currentThread();
  private final CountDownLatch done = new CountDownLatch(1);
  private final Thread onShutdown = new Thread(this::interruptOwner, "cleanup");

  Cleanup() {
    Runtime.getRuntime().addShutdownHook(onShutdown);
  }

  private void interruptOwner() {
    owner.interrupt();
    try {
      if (!done.await(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        targets.forEach(target -> System.err.println("zublk: " + target.name() + " may be left"));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  <T extends Target> T add(T target) {
    targets.push(target);
    return target;
  }

  /** Removes everything so far. What cannot be removed is named on stderr. */
  void closeAll() {
    boolean interrupted = Thread.interrupted(); // else nothing that waits could be closed
    while (!targets.isEmpty()) {
      Target target = targets.pop();
      try {
        target.close();
      } catch (IOException | UserException e) {
        System.err.println(
            "zublk: cannot remove " + target.name() + ": " + UserException.lineFor(e));
      }
    }
    if (interrupted) {
      owner.interrupt();
    }
  }

  @Override
  public void close() {
    closeAll();
    done.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(onShutdown);
    } catch (IllegalStateException e) {
      // It is running: this process was told to end.
    }
  }

  /**
   * Waits.
   *
   * @throws UserException if this thread was interrupted
   */
  static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted", e);
    }
  }

  /**
   * For loops that would not notice it otherwise.
   *
   * @throws UserException if this thread was interrupted
   */
  static void throwIfInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw new UserException("interrupted");
    }
  }
}
