package io.zublk.ublk.io;

import io.zublk.block.Errno;
import io.zublk.block.LateAnswers;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * The requests of one queue thread that the device answers late, and the way of their answers: any
 * thread puts an answered tag on a stack, and the queue thread takes the whole stack. A tag has one
 * answer at most, so that the stack is made of arrays with a place for each tag.
 *
 * <pre>
 *            postpone           answer               takeAll
 *   at work ---------> waiting ---------> on the stack -----> at work
 *       ^                 |
 *       '----- withdraw --'
 * </pre>
 *
 * <p>{@link #answer} is for any thread, all else for the queue thread.
 */
final class LateRequests implements LateAnswers {

  /** Goes on with a request that has been answered. */
  interface Answered<E extends Exception> {

    /** The tag is at work again; the answer is 0 or a negative errno. */
    void goOn(int tag, int answer) throws E;
  }

  /** No tag: below the last one of a stack there is none. */
  private static final int NONE = -1;

  private static final int TAG_BITS = 16;
  private static final int TAG_MASK = (1 << TAG_BITS) - 1;

  private static final VarHandle TICKET = MethodHandles.arrayElementVarHandle(long[].class);
  private static final VarHandle TOP;

  static {
    try {
      TOP = MethodHandles.lookup().findVarHandle(LateRequests.class, "top", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Runnable wake;

  /** By tag: the ticket whose answer it waits for, or 0. Who takes it away is the one to go on. */
  private final long[] tickets;

  /** By tag, while it is on the stack: the tag below it. */
  private final int[] below;

  /** By tag, while it is on the stack. */
  private final int[] answers;

  @SuppressWarnings("UnusedVariable") // accessed by TOP
  private int top = NONE;

  /** The tag at work, or its complement once it has been postponed. */
  private int current;

  /** How many tickets there were: makes each one another. */
  private long postponed;

  /** How many tags are waiting or on the stack. */
  private int late;

  /**
   * For a queue of some depth.
   *
   * @param wake makes the queue thread call {@link #takeAll}, also while it is in {@link #awaitAll}
   */
  LateRequests(int depth, Runnable wake) {
    assert depth <= TAG_MASK;
    this.wake = wake;
    this.tickets = new long[depth];
    this.below = new int[depth];
    this.answers = new int[depth];
  }

  /** The device is asked for the request in a tag from here on. */
  void begin(int tag) {
    current = tag;
  }

  @Override
  public long postpone() {
    if (current < 0) {
      throw new IllegalStateException("an operation can be postponed once");
    }
    int tag = current;
    long ticket = ++postponed << TAG_BITS | tag;
    long former = (long) TICKET.getAndSet(tickets, tag, ticket);
    assert former == 0 : "tag " + tag + " waits already";
    current = ~tag;
    late++;
    return ticket;
  }

  /** Whether the operation at work has been postponed. */
  boolean isPostponed() {
    return current < 0;
  }

  /**
   * Makes the ticket void if the operation at work has been postponed.
   *
   * @return false if there was none; true if it has been answered before, and that answer counts
   */
  boolean isAnsweredBeforeWithdrawn() {
    if (!isPostponed()) {
      return false;
    }
    boolean withdrawn = (long) TICKET.getAndSet(tickets, ~current, 0L) != 0;
    if (withdrawn) {
      late--;
    }
    return !withdrawn;
  }

  @Override
  public void answer(long ticket, int result) {
    int tag = (int) ticket & TAG_MASK;
    if (ticket <= 0 || tag >= tickets.length || !TICKET.compareAndSet(tickets, tag, ticket, 0L)) {
      throw new IllegalStateException("no operation waits for an answer to ticket " + ticket);
    }
    answers[tag] = Errno.resultOrEio(result);
    int under;
    do {
      under = (int) TOP.getVolatile(this);
      below[tag] = under;
    } while (!TOP.compareAndSet(this, under, tag));
    if (under == NONE) {
      wake.run();
    }
  }

  /**
   * Takes all tags that have been answered.
   *
   * @throws E as {@code each} does, which is not called for the rest then; none of them is late
   */
  <E extends Exception> void takeAll(Answered<E> each) throws E {
    int next = (int) TOP.getAndSet(this, NONE);
    try {
      while (next != NONE) {
        int tag = next;
        next = end(tag);
        each.goOn(tag, answers[tag]);
      }
    } finally {
      while (next != NONE) {
        next = end(next);
      }
    }
  }

  /** A tag that was taken is late no more; returns the next one, before it is late again. */
  private int end(int tag) {
    late--;
    assert late >= 0;
    return below[tag];
  }

  /** Whether any request is late. */
  boolean any() {
    return late > 0;
  }

  /** Waits for the answers to all late requests, which nobody wants any more. */
  void awaitAll() {
    while (true) {
      takeAll((_, _) -> {});
      if (!any()) {
        return;
      }
      boolean _ = Thread.interrupted(); // whoever interrupts: the device may still use the buffers
      LockSupport.park(this);
    }
  }
}
