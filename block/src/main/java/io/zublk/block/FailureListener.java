package io.zublk.block;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Who is told when a transport has lost what it serves with, for a reason of its own: neither
 * because it was closed, nor by what one client or one request has done. What it serves all the
 * same, if anything, is said where it is started.
 *
 * <p>The transport does not close itself: the data are its owner's, and so is the decision.
 */
@FunctionalInterface
public interface FailureListener {

  /**
   * Is told once at most, by the thread that failed or saw the failure. It must neither block nor
   * close the transport, which would wait for that very thread, but have another one do so. Nobody
   * else logs the failure.
   *
   * @param reason one line for the user: what does not work any more
   * @param cause what was thrown
   */
  void failed(String reason, Throwable cause);

  /**
   * Of the failures that several threads may tell, lets only the first pass. The result never
   * throws: a thread that fails has memory to give back, whatever becomes of the listener.
   */
  static FailureListener once(FailureListener listener) {
    AtomicBoolean told = new AtomicBoolean();
    return (reason, cause) -> {
      if (told.compareAndSet(false, true)) {
        try {
          listener.failed(reason, cause);
        } catch (Throwable _) {
          // Whoever owns the transport was told as well as could be.
        }
      }
    };
  }
}
