package io.zublk.nbd;

/** Waiting that an interrupt cannot cut short, because memory in use could not be given back. */
final class Threads {

  private Threads() {}

  /** Waits until a thread has ended; an interrupt stays pending. */
  static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
