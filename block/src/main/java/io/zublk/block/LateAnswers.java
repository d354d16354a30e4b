package io.zublk.block;

/**
 * How a device answers an operation later than at its return: because the bytes are on a slow tier,
 * or because a write waits for memory. Meanwhile the transport's thread serves other requests.
 *
 * <p>The transport gives an instance to {@link BlockDevice#openChannel(LateAnswers)}. An operation
 * of that channel which cannot be answered at once
 *
 * <ol>
 *   <li>calls {@link #postpone()}, in the thread that it was called in, and keeps the ticket;
 *   <li>gives ticket, position and buffer to whatever will do the work;
 *   <li>returns {@link BlockChannel#LATE}.
 * </ol>
 *
 * <p>Whoever has done the work calls {@link #answer} with the ticket, from any thread. That may
 * well be before the operation has returned; the operation returns {@code LATE} even so.
 *
 * <p><b>The buffer</b> is the device's until the answer: it may read or write the operation's bytes
 * of it in any thread, and no others. Then it is the transport's again.
 *
 * <p><b>Order.</b> A late operation and later ones are in flight together, and a device may do them
 * in any order, as if they came through different channels. A client that wants an order waits for
 * the answer; so does a transport that must flush after a write. FLUSH is about the writes that
 * were answered before it came; it neither waits for late ones nor says anything about them.
 *
 * <p><b>The end.</b> Every ticket is answered, also when the client has gone and nobody wants the
 * result any more: the transport does not know what the device still does to its memory, keeps it
 * until the answer, and waits for it before it closes the channel. So answers may come until then,
 * but none later, and a device that is closed only after its transport needs no other care. A
 * device cannot take the work back; what is to end early ends with an error, such as {@link
 * Errno#ESHUTDOWN}.
 *
 * <p><b>Limits.</b> A transport has memory for so many late operations. When it is used up, it
 * waits for answers before it serves more.
 */
public interface LateAnswers {

  /**
   * Says that the operation that this thread is in will be answered late; at most once an
   * operation, which then returns {@code LATE}. If it returns anything else or throws, the request
   * fails and the ticket is void: nobody may answer it or use the buffer any more.
   *
   * @return a ticket for {@link #answer}: the transport's own number, meaningful to it alone
   * @throws OutOfMemoryError if the system has no memory or thread left for the first late answer;
   *     the operation lets it pass
   */
  long postpone();

  /**
   * Answers a postponed operation. From any thread, once. It may wait for another thread's few
   * instructions, but never for a client, and allocates nothing.
   *
   * @param result what the operation would have returned: 0 or a negative errno
   * @throws IllegalStateException if no operation waits for the answer to this ticket: it was given
   *     already, which is a fault in the device
   */
  void answer(long ticket, int result);
}
