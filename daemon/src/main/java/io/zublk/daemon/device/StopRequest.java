package io.zublk.daemon.device;

import io.zublk.daemon.UserException;
import java.util.concurrent.CountDownLatch;

/**
 * Tells a device's process, from any thread, that it is to stop: because somebody wants that, or
 * because it cannot serve any more. The first reason stands.
 */
final class StopRequest {

  private final CountDownLatch requested = new CountDownLatch(1);
  private String reason;
  private Outcome outcome;

  /** Somebody wants the device to end, and what it holds with it. */
  void request(String why) {
    boolean _ = record(why, Outcome.DELETE);
  }

  /**
   * Another process is ready to go on with the device.
   *
   * @return false if it is to end, or has failed, before: then it is not left to that one
   */
  boolean handOver(String why) {
    return record(why, Outcome.HAND_OVER);
  }

  /** The device cannot serve any more, though nobody wants it to end. */
  void fail(String why) {
    boolean _ = record(why, Outcome.KEEP);
  }

  private synchronized boolean record(String why, Outcome next) {
    boolean isFirst = reason == null;
    if (isFirst) {
      reason = why;
      outcome = next;
    }
    requested.countDown();
    return isFirst;
  }

  synchronized boolean failed() {
    return outcome == Outcome.KEEP;
  }

  /** What is to become of the device, by the first reason. */
  synchronized Outcome outcome() {
    return outcome == null ? Outcome.DELETE : outcome;
  }

  synchronized String reason() {
    return reason;
  }

  void await() throws InterruptedException {
    requested.await();
  }

  /** Ends a start that is under way. */
  void throwIfRequested() {
    if (requested.getCount() == 0) {
      throw new UserException("stopped while starting: " + reason());
    }
  }
}
