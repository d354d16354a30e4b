package io.zublk.bench;

import io.zublk.daemon.UserException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/** Removes what a benchmark made, in reverse order: at its end, when it fails, and on Ctrl-C. */
final class Cleanup implements AutoCloseable {

  private final Deque<Target> targets = new ArrayDeque<>();
  private final Thread onInterrupt = new Thread(this::closeAll, "cleanup");

  Cleanup() {
    Runtime.getRuntime().addShutdownHook(onInterrupt);
  }

  synchronized <T extends Target> T add(T target) {
    targets.push(target);
    return target;
  }

  /** Removes everything so far. What cannot be removed is named on stderr. */
  synchronized void closeAll() {
    while (!targets.isEmpty()) {
      Target target = targets.pop();
      try {
        target.close();
      } catch (IOException | UserException e) {
        System.err.println(
            "zublk: cannot remove " + target.name() + ": " + UserException.lineFor(e));
      }
    }
  }

  @Override
  public void close() {
    closeAll();
    try {
      Runtime.getRuntime().removeShutdownHook(onInterrupt);
    } catch (IllegalStateException e) {
      // It is running: this process was told to end.
    }
  }
}
