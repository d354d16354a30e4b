package io.zublk.daemon.device;

import io.zublk.daemon.log.DeviceLog;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What has to be undone, last made first. Each step of a start pushes how to undo it, so a failed
 * start and an orderly stop are the same walk down the stack.
 *
 * <p>Used by one thread.
 */
final class CleanupStack {

  /** One step back, which may depend on what is to become of the device. */
  @FunctionalInterface
  interface Step {
    void run(Outcome outcome) throws Exception;
  }

  private record Entry(String what, Step step) {}

  private final Deque<Entry> entries = new ArrayDeque<>();

  void push(String what, Step step) {
    entries.push(new Entry(what, step));
  }

  /**
   * Undoes everything. A step that fails, an Error included, does not keep the others from running.
   *
   * @param outcome what is to become of the device
   * @return whether every step succeeded; failures are logged
   */
  boolean unwind(Outcome outcome, DeviceLog log) {
    boolean clean = true;
    while (!entries.isEmpty()) {
      Entry entry = entries.pop();
      try {
        entry.step().run(outcome);
      } catch (Throwable e) {
        clean = false;
        log.failure("could not undo: " + entry.what(), e);
      }
    }
    return clean;
  }
}
