package io.zublk.block;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Which of a few workers are idle, so that whoever has work finds one without a lock and without a
 * queue: a bit each of one long.
 *
 * <p>Thread-safe. Every change is a volatile read-modify-write: what a thread wrote before {@link
 * #add} is seen by the one that claims, and of a worker that adds itself and then looks for work,
 * and a giver of work who then claims, at least one sees what the other did.
 */
public final class IdleSet {

  /** One bit of a long each. */
  public static final int MAX_WORKERS = Long.SIZE;

  /** What {@link #claim} says when nobody is idle. */
  public static final int NONE = -1;

  private static final VarHandle MASK = maskHandle();

  private volatile long mask;

  /** A set in which nobody is. */
  public IdleSet() {}

  private static VarHandle maskHandle() {
    try {
      return MethodHandles.lookup().findVarHandle(IdleSet.class, "mask", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Whether nobody was idle a moment ago; cheaper than {@link #claim}. */
  public boolean isEmpty() {
    return mask == 0;
  }

  /**
   * Takes the lowest of the idle workers out of the set; it is the caller's until it is added
   * again.
   *
   * @return its number, or {@link #NONE}
   */
  public int claim() {
    for (long idle = mask; idle != 0; idle = mask) {
      int lowest = Long.numberOfTrailingZeros(idle);
      if (remove(lowest)) {
        return lowest;
      }
    }
    return NONE;
  }

  /** Says that a worker, 0 to 63, is idle. */
  public void add(int worker) {
    assert isWorker(worker) : worker;
    long _ = (long) MASK.getAndBitwiseOr(this, 1L << worker);
  }

  /** Says that a worker is not idle any more; false if it was claimed, or never added. */
  public boolean remove(int worker) {
    assert isWorker(worker) : worker;
    long bit = 1L << worker;
    return ((long) MASK.getAndBitwiseAnd(this, ~bit) & bit) != 0;
  }

  private static boolean isWorker(int worker) {
    return worker >= 0 && worker < MAX_WORKERS; // a shift would take it modulo 64
  }
}
