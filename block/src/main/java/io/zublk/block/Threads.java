package io.zublk.block;

import java.util.function.BooleanSupplier;

/**
 * Waiting for threads that serve requests. An interrupt cannot cut it short, because the memory
 * that such a thread uses could not be given back.
 */
public final class Threads {

  private Threads() {}

  /** Waits until a thread has ended; an interrupt stays pending. */
  public static void join(Thread thread) {
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

  /**
   * Waits on a monitor, which the caller holds, until something is so; an interrupt stays pending.
   * Whoever makes it so calls {@link Object#notifyAll()}. Who waits in a request hands in what was
   * made before: a lambda that remembers something is an object.
   */
  public static void await(Object monitor, BooleanSupplier isSo) {
    boolean interrupted = false;
    while (!isSo.getAsBoolean()) {
      try {
        monitor.wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
