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
  private boolean failed;

  /** Somebody wants the device to end, and what it holds with it. */
  void request(String why) {
    record(why, false);
  }

  /** The device cannot serve any more, though nobody wants it to end. */
  void fail(String why) {
    record(why, true);
  }

  private synchronized void record(String why, boolean failure) {
    if (reason == null) {
      reason = why;
      failed = failure;
    }
    requested.countDown();
  }

  synchronized boolean failed() {
    return failed;
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
