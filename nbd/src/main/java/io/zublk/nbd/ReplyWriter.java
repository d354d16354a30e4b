package io.zublk.nbd;

import io.zublk.block.ThreadCounters;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * The sending side of a connection, shared by the connection's thread and the workers that help it.
 * Its monitor keeps replies whole on the wire, and guards which parts of split requests are still
 * unfinished. A monitor, because a contended {@code java.util.concurrent} lock allocates.
 *
 * <p>A method that ends a part does so last of all: whoever was thrown out of it still owes {@link
 * #abandonPieces}.
 */
final class ReplyWriter {

  /** What {@link #endPiece} says when the part was not the last one. */
  static final int OTHERS_GO_ON = -1;

  private final SocketChannel channel;
  private final ThreadCounters<Counter> counters;

  /** For each request, by its slot: the parts that some thread still works on. */
  private final int[] pieces;

  /** For each request, by its slot: the first error of any part, 0 if none. */
  private final int[] errors;

  /** Not under the monitor: whoever hangs up must not wait for a send that will never end. */
  private volatile boolean broken;

  ReplyWriter(SocketChannel channel, int requests, ThreadCounters<Counter> counters) {
    this.channel = channel;
    this.counters = counters;
    this.pieces = new int[requests];
    this.errors = new int[requests];
  }

  // ---- the wire

  /** Sends and empties a buffer. After a failure replies go nowhere and the channel is closed. */
  synchronized void send(ReplyBuffer replies) {
    ByteBuffer bytes = replies.toSend();
    try {
      while (!broken && bytes.hasRemaining()) {
        counters.add(Counter.SOCKET_WRITES, 1);
        channel.write(bytes);
      }
    } catch (IOException e) {
      hangUp();
    }
    replies.truncate(0);
  }

  /**
   * Sends a simple reply to a READ of any length, in as many writes as it takes; nothing else comes
   * between them. An error after the first one can only be told by hanging up ("NBD_CMD_READ",
   * "Simple replies").
   */
  synchronized void sendSimpleRead(RequestServer server, Session session, Request request) {
    ReplyBuffer replies = server.replies();
    send(replies);
    replies.addSimple(request.cookie, 0);
    for (long done = 0; done < request.length && !broken; done += ReplyBuffer.PAYLOAD_BYTES) {
      int part = (int) Math.min(request.length - done, ReplyBuffer.PAYLOAD_BYTES);
      int errno = server.addBytes(request.position + done, part);
      if (errno != 0) {
        replies.truncate(0);
        if (done > 0) {
          hangUp();
        }
        server.addError(session, request, errno);
        return;
      }
      send(replies);
    }
  }

  /**
   * Drops the connection: the client is not to be served any longer, or what was sent cannot be
   * completed truthfully. From any thread; wakes one that waits for the client.
   */
  void hangUp() {
    broken = true;
    try {
      channel.close();
    } catch (IOException e) {
      // The client is gone either way.
    }
  }

  /** Whether replies go nowhere: further work for this client is for nobody. */
  boolean isBroken() {
    return broken;
  }

  // ---- parts of requests

  /** Announces that {@code request} is served in {@code count} parts. */
  synchronized void split(Request request, int count) {
    pieces[request.slot] = count;
    errors[request.slot] = 0;
  }

  /** Announces one more part, besides the one that the caller itself still works on. */
  synchronized void addPiece(Request request) {
    if (pieces[request.slot] == 0) {
      split(request, 1);
    }
    pieces[request.slot]++;
  }

  /**
   * Ends one part of a request that is answered as a whole.
   *
   * @return {@link #OTHERS_GO_ON}, or after the last part the request's error, 0 if none; then the
   *     caller owes {@link #sendLast}
   */
  synchronized int endPiece(Request request, int error) {
    if (errors[request.slot] == 0) {
      errors[request.slot] = error;
    }
    if (pieces[request.slot] > 1) {
      pieces[request.slot]--;
      return OTHERS_GO_ON;
    }
    return errors[request.slot];
  }

  /** Sends the reply of a request whose parts have all ended. */
  synchronized void sendLast(Request request, ReplyBuffer replies) {
    send(replies);
    abandonPieces(request, 1);
  }

  /** Sends the chunks of one part of a READ; those of the last part complete it. */
  synchronized void sendPiece(Request request, ReplyBuffer replies) {
    if (pieces[request.slot] == 1) {
      replies.markDone();
    }
    send(replies);
    abandonPieces(request, 1);
  }

  /** Ends parts of a request without a word to the client, who is gone or will be hung up on. */
  synchronized void abandonPieces(Request request, int count) {
    pieces[request.slot] -= count;
    notifyAll();
  }

  /**
   * Waits until no part of any request is in the hands of a worker. Workers end their parts
   * whatever happens ({@link Worker#run}), so this takes no longer than the device does.
   */
  synchronized void awaitAllEnded() {
    boolean interrupted = false;
    for (int slot = 0; slot < pieces.length; slot++) {
      while (pieces[slot] > 0) {
        try {
          wait();
        } catch (InterruptedException e) {
          // Workers still use this connection's memory: it cannot be left earlier.
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The slot of a request that no worker knows: requests are more than there are workers. */
  synchronized int unusedSlot() {
    for (int slot = 0; slot < pieces.length; slot++) {
      if (pieces[slot] == 0) {
        return slot;
      }
    }
    throw new AssertionError("more requests in flight than workers");
  }
}
