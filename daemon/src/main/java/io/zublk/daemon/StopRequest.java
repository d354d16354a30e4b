package io.zublk.daemon;

import java.util.concurrent.CountDownLatch;

/** Tells a device's process, from any thread, that it is to stop. The first reason stands. */
final class StopRequest {

  private final CountDownLatch requested = new CountDownLatch(1);
  private String reason;

  synchronized void request(String why) {
    if (reason == null) {
      reason = why;
    }
    requested.countDown();
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
