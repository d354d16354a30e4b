package io.zublk.nbd;

import io.zublk.block.Threads;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * The requests of a connection that others than its own thread work on, and in how many parts:
 * workers, and the device, which answers its parts later. Its monitor guards which parts are still
 * unfinished, and the order of replies where that matters. A monitor, because a contended {@code
 * java.util.concurrent} lock allocates.
 *
 * <p>A method that ends a part does so last of all: whoever was thrown out of it still owes {@link
 * #abandon}.
 */
final class SplitRequests {

  /** What {@link #end} says when the part was not the last one. */
  static final int OTHERS_GO_ON = -1;

  private final ReplyWriter writer;
  private final Request[] requests;

  /** For each request, by its slot: the parts that some thread still works on. */
  private final int[] parts;

  /** For each request, by its slot: the first error of any part, 0 if none. */
  private final int[] errors;

  /**
   * The connection's thread's own: the split request of which it still works on a part, or null.
   */
  private Request held;

  /** Made once: a request that waits allocates nothing, whatever the JIT makes of it. */
  private final BooleanSupplier isOnlyHeldLeft = this::isOnlyHeldLeft;

  /** Room for what so many workers, the device and the connection's thread may be busy with. */
  SplitRequests(ReplyWriter writer, int workers) {
    this.writer = writer;
    int most = workers + LateOperations.MAX_OPERATIONS + 1;
    this.requests = new Request[most];
    this.parts = new int[most];
    this.errors = new int[most];
  }

  /** A request that nobody works on. */
  synchronized Request unused() {
    for (int slot = 0; slot < requests.length; slot++) {
      if (requests[slot] == null) {
        requests[slot] = new Request(slot);
      }
      if (parts[slot] == 0) {
        return requests[slot];
      }
    }
    throw new AssertionError("more requests in flight than anybody can be busy with");
  }

  /** Announces that others serve {@code request}, in {@code count} parts. */
  synchronized void split(Request request, int count) {
    assert parts[request.slot] == 0 && count > 0 : parts[request.slot] + " " + count;
    parts[request.slot] = count;
    errors[request.slot] = 0;
  }

  /** Announces one more part, besides the one that the caller itself still works on. */
  synchronized void add(Request request) {
    if (parts[request.slot] == 0) {
      split(request, 1);
      held = request;
    }
    parts[request.slot]++;
  }

  /** Leaves the caller's own part, or a request that was not split so far, to somebody else. */
  synchronized void leave(Request request) {
    if (held == request) {
      held = null;
    } else if (parts[request.slot] == 0) {
      split(request, 1);
    }
  }

  /** Whether the connection's thread, which asks, still works on a part of a split request. */
  boolean isHeld(Request request) {
    return held == request;
  }

  /** The connection's thread, which says so, has ended its part. */
  void letGo() {
    held = null;
  }

  /**
   * Waits until all parts of a request have ended but that of the connection's thread, which asks.
   *
   * @return the request's error so far, 0 if none
   */
  synchronized int awaitOthers(Request request) {
    if (held != request) {
      return 0; // it was never split
    }
    Threads.await(this, isOnlyHeldLeft);
    return errors[request.slot];
  }

  private boolean isOnlyHeldLeft() {
    return parts[held.slot] == 1;
  }

  /** Ends the part of the connection's thread after a fault, if it has one. */
  void abandonHeld() {
    if (held != null) {
      abandon(held, 1);
      held = null;
    }
  }

  /**
   * Ends one part of a request that is answered as a whole.
   *
   * @return {@link #OTHERS_GO_ON}, or after the last part the request's error, 0 if none; then the
   *     caller owes {@link #sendLast}
   */
  synchronized int end(Request request, int error) {
    if (errors[request.slot] == 0) {
      errors[request.slot] = error;
    }
    if (parts[request.slot] > 1) {
      parts[request.slot]--;
      notifyAll(); // the connection's thread may wait for its own part to be the last
      return OTHERS_GO_ON;
    }
    return errors[request.slot];
  }

  /** Sends the reply of a request whose parts have all ended. */
  synchronized void sendLast(Request request, ReplyBuffer replies) {
    writer.send(replies);
    abandon(request, 1);
  }

  /** Sends the chunks of one part of a READ; those of the last part complete it. */
  synchronized void sendChunks(Request request, ReplyBuffer replies) {
    if (parts[request.slot] == 1) {
      replies.markDone();
    }
    writer.send(replies);
    abandon(request, 1);
  }

  /** Ends parts of a request without a word to the client, who is gone or will be hung up on. */
  synchronized void abandon(Request request, int count) {
    parts[request.slot] -= count;
    assert parts[request.slot] >= 0 : parts[request.slot];
    notifyAll();
  }

  /**
   * Waits until no part of any request is in other hands. Workers end their parts whatever happens
   * ({@link Worker#run}), and the device answers its own, so this takes no longer than the device
   * does.
   */
  synchronized void awaitAllEnded() {
    Threads.await(this, () -> Arrays.stream(parts).allMatch(left -> left == 0));
  }
}
