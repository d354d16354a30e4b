package io.zublk.vhost.memory;

/**
 * What becomes of an access to memory whose file the client has cut. Linux sends SIGBUS; the JVM
 * turns that into an {@link InternalError} which is thrown not by the access but by the thread's
 * next safepoint poll, wherever that is: inside of the device, say, that holds a lock. So whoever
 * has touched guest memory calls {@link #raise} before anything else is done.
 */
public final class GuestFault {

  /** Of these turns one polls in code compiled by either compiler, the next in the interpreter. */
  private static final int TURNS = 4;

  // Volatile, so that no compiler can count the turns beforehand and leave the polls out.
  private static volatile int turns = TURNS;

  private GuestFault() {}

  /**
   * Throws what an earlier access of this thread has to throw.
   *
   * @throws InternalError such an access failed
   */
  public static void raise() {
    int turn = 0;
    while (turn < turns) {
      turn++;
    }
  }
}
