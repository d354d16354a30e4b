package io.zublk.nbd;

import io.zublk.block.Errno;
import io.zublk.block.LateAnswers;
import io.zublk.block.Threads;
import io.zublk.nbd.LateOperation.State;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * The operations of a connection that its device answers later. Answers may come at any time after
 * {@link #postpone}, from any thread; they wait here for the {@link LateReplier}, since the thread
 * that brings one must not wait for a client.
 *
 * <p>What is not said to be for any thread is for the connection's.
 */
final class LateOperations implements LateAnswers {

  /** Of one connection at a time: the kernel's client has 128 requests in flight. */
  static final int MAX_OPERATIONS = 128;

  private final Thread owner = Thread.currentThread();
  private final ConnectionMemory memory;
  private final Function<LateOperations, LateReplier> newReplier;

  /** The connection's thread's own: the operation that it is in, if that was postponed. */
  private LateOperation postponed;

  // Guarded by this.
  private final LateOperation[] operations = new LateOperation[MAX_OPERATIONS];
  private int inUse;
  private LateOperation firstAnswered;
  private LateOperation lastAnswered;
  private boolean closed;
  private LateReplier replier;

  // Made once: a request that waits allocates nothing, whatever the JIT makes of it.
  private final BooleanSupplier hasRoom = this::hasRoom;
  private final BooleanSupplier isPostponedAnswered = this::isPostponedAnswered;
  private final BooleanSupplier isAnyAnsweredOrEnd = this::isAnyAnsweredOrEnd;

  /**
   * Prepares for a device that may never answer later.
   *
   * @param memory where the operations' data lie
   * @param newReplier makes the thread that replies, when the first operation is postponed
   */
  LateOperations(ConnectionMemory memory, Function<LateOperations, LateReplier> newReplier) {
    this.memory = memory;
    this.newReplier = newReplier;
  }

  // ---- the device

  @Override
  public synchronized long postpone() {
    assert Thread.currentThread() == owner;
    if (postponed != null) {
      throw new IllegalStateException("the operation is postponed already");
    }
    if (replier == null) {
      LateReplier thread = newReplier.apply(this);
      thread.start();
      replier = thread;
    }
    LateOperation operation = free();
    operation.state = State.POSTPONED;
    operation.uses++;
    inUse++;
    postponed = operation;
    return operation.ticket();
  }

  private LateOperation free() {
    for (int i = 0; i < MAX_OPERATIONS; i++) {
      if (operations[i] == null) {
        operations[i] = new LateOperation(i);
      }
      if (operations[i].state == State.FREE) {
        return operations[i];
      }
    }
    throw new AssertionError("the connection's thread did not wait for room");
  }

  @Override
  public synchronized void answer(long ticket, int result) {
    LateOperation operation = waitingFor(ticket);
    operation.result = Errno.resultOrEio(result);
    boolean hasReturned = operation.state == State.LATE;
    operation.state = State.ANSWERED;
    if (hasReturned) {
      enqueue(operation);
    } else {
      notifyAll(); // the connection's thread may wait for it in the middle of a reply
    }
  }

  private LateOperation waitingFor(long ticket) {
    int index = (int) ticket;
    LateOperation operation = index >= 0 && index < MAX_OPERATIONS ? operations[index] : null;
    if (operation == null
        || operation.ticket() != ticket
        || (operation.state != State.POSTPONED && operation.state != State.LATE)) {
      throw new IllegalStateException("no operation waits for an answer to ticket " + ticket);
    }
    return operation;
  }

  private void enqueue(LateOperation operation) {
    operation.next = null;
    if (firstAnswered == null) {
      firstAnswered = operation;
    } else {
      lastAnswered.next = operation;
    }
    lastAnswered = operation;
    notifyAll();
  }

  // ---- the connection's thread

  /** Whether one more operation might find no room; it must not be begun then. */
  boolean isFull() {
    return inUse == MAX_OPERATIONS; // only this thread makes it more: an old value is too large
  }

  /** Waits until one more operation may be late. */
  synchronized void awaitRoom() {
    Threads.await(this, hasRoom);
  }

  private boolean hasRoom() {
    return inUse < MAX_OPERATIONS;
  }

  ConnectionMemory memory() {
    return memory;
  }

  /** The operation that has just been postponed, null if it was not. */
  LateOperation postponed() {
    return postponed;
  }

  /** Makes the ticket of the operation void: it did not return {@code LATE}. */
  void withdraw() {
    LateOperation operation = postponed;
    postponed = null;
    release(operation);
  }

  /** Has the replier see to the postponed operation, which is filled in, once it is answered. */
  synchronized void handOver() {
    LateOperation operation = postponed;
    postponed = null;
    if (operation.state == State.ANSWERED) {
      enqueue(operation); // before it had returned
    } else {
      operation.state = State.LATE;
    }
  }

  /** Waits for the answer to the postponed operation; the replier knows nothing of it. */
  synchronized int awaitAnswer() {
    Threads.await(this, isPostponedAnswered);
    LateOperation operation = postponed;
    postponed = null;
    int result = operation.result;
    release(operation);
    return result;
  }

  private boolean isPostponedAnswered() {
    return postponed.state == State.ANSWERED;
  }

  /** Ends the replier, when all operations were released. */
  void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    if (replier != null) {
      Threads.join(replier);
    }
  }

  // ---- the replier

  /** Waits for an operation that is answered; null if there will be none any more. */
  synchronized LateOperation awaitAnswered() {
    Threads.await(this, isAnyAnsweredOrEnd);
    LateOperation operation = firstAnswered;
    if (operation != null) {
      firstAnswered = operation.next;
    }
    return operation;
  }

  private boolean isAnyAnsweredOrEnd() {
    return firstAnswered != null || closed;
  }

  /** Is done with an operation, and its memory. */
  synchronized void release(LateOperation operation) {
    operation.state = State.FREE;
    operation.request = null;
    if (operation.buffer != null) {
      memory.release(operation.buffer);
      operation.buffer = null;
    }
    inUse--;
    notifyAll();
  }
}
