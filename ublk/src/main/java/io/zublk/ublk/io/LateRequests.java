package io.zublk.ublk.io;

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

  /** No tag: below the last one of a stack there is none. */
  static final int NONE = -1;

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
    if (result > 0) {
      throw new IllegalArgumentException("an answer is 0 or a negative errno, not " + result);
    }
    if (ticket <= 0 || tag >= tickets.length || !TICKET.compareAndSet(tickets, tag, ticket, 0L)) {
      throw new IllegalStateException("no operation waits for an answer to ticket " + ticket);
    }
    answers[tag] = result;
    int under;
    do {
      under = (int) TOP.getVolatile(this);
      below[tag] = under;
    } while (!TOP.compareAndSet(this, under, tag));
    if (under == NONE) {
      wake.run();
    }
  }

  /** Takes all tags that have been answered; returns the first one, or {@link #NONE}. */
  int takeAll() {
    return (int) TOP.getAndSet(this, NONE);
  }

  /** The tag that was taken together with this one and comes next, or {@link #NONE}. */
  int next(int tag) {
    return below[tag];
  }

  /** The answer to the request in a tag that was taken; the tag is at work again. */
  int end(int tag) {
    late--;
    assert late >= 0;
    return answers[tag];
  }

  /** Whether any request is late. */
  boolean any() {
    return late > 0;
  }

  /** Waits for the answers to all late requests, which nobody wants any more. */
  void awaitAll() {
    while (true) {
      int next;
      for (int tag = takeAll(); tag != NONE; tag = next) {
        next = next(tag);
        int _ = end(tag);
      }
      if (!any()) {
        return;
      }
      boolean _ = Thread.interrupted(); // whoever interrupts: the device may still use the buffers
      LockSupport.park(this);
    }
  }
}
