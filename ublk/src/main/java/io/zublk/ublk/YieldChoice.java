package io.zublk.ublk;

/**
 * Whether a thread lets others run before it hands over a batch, so that the next one is larger.
 *
 * <p>A user that shares the thread's CPU and submits requests one at a time is preempted at its
 * first one, so it never has two in flight, and each costs two switches and a system call. If the
 * thread yields before it completes a request, the user goes on submitting until it has nothing
 * more to do. Nobody can tell such a user from one that has a single request, so this is tried now
 * and then, and repeated as long as it pays.
 */
final class YieldChoice {

  // A thread that nobody wants the CPU of is back within a microsecond: nothing was gained.
  private static final long SHORTEST_NANOS = 2_000;

  // A user submits a full queue within this. Who takes longer has other work to do, which would
  // keep the CPU, and requests waiting, until the scheduler's next tick: 1 to 10 ms.
  private static final long LONGEST_NANOS = 1_000_000;

  // So rarely is it tried where it never pays, as at depth 1: its cost vanishes in the noise.
  private static final int MAX_PAUSE = 1024;

  private int pause = 1;
  private int batchesLeft = 1;
  private boolean trying;
  private boolean othersRan;

  /** Whether to yield now. */
  boolean due() {
    if (batchesLeft > 0) {
      batchesLeft--;
      return false;
    }
    return true;
  }

  /** Tells how long the thread was away. */
  void yielded(long nanos) {
    trying = true;
    othersRan = nanos >= SHORTEST_NANOS && nanos <= LONGEST_NANOS;
  }

  /** Tells how many requests the next batch had. */
  void served(int requests) {
    if (!trying) {
      return;
    }
    trying = false;
    boolean paid = othersRan && requests > 1;
    pause = paid ? 0 : Math.clamp(2L * pause, 1, MAX_PAUSE);
    batchesLeft = pause;
  }
}
