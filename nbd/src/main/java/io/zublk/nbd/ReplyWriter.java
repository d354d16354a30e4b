package io.zublk.nbd;

import io.zublk.nbd.CounterCell.Counter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * The sending side of a connection, shared by the connection's thread and the workers that help it.
 * Its monitor keeps replies whole on the wire, and guards which parts of split requests are still
 * unfinished. A monitor, because a contended {@code java.util.concurrent} lock allocates.
 */
final class ReplyWriter {

  private final SocketChannel channel;
  private final CounterCell counters;
  private boolean broken;

  ReplyWriter(SocketChannel channel, CounterCell counters) {
    this.channel = channel;
    this.counters = counters;
  }

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

  /** Drops the connection: what was sent cannot be completed truthfully, or not at all. */
  synchronized void hangUp() {
    broken = true;
    try {
      channel.close();
    } catch (IOException e) {
      // The client is gone either way.
    }
  }

  /** Announces that {@code request} is served in {@code pieces} parts. */
  synchronized void split(Request request, int pieces) {
    request.pieces = pieces;
  }

  /** Announces one more part, besides the one that the caller itself still works on. */
  synchronized void addPiece(Request request) {
    request.pieces = Math.max(request.pieces, 1) + 1;
  }

  /**
   * Ends one part of a request that is answered as a whole.
   *
   * @return whether it was the last; then the caller owes {@link #sendLast}
   */
  synchronized boolean endPiece(Request request, int error) {
    if (request.error == 0) {
      request.error = error;
    }
    if (request.pieces > 1) {
      request.pieces--;
      return false;
    }
    return true;
  }

  /** Sends the reply of a request whose parts have all ended. */
  synchronized void sendLast(Request request, ReplyBuffer replies) {
    send(replies);
    request.pieces = 0;
    notifyAll();
  }

  /** Sends the chunks of one part of a READ; those of the last part complete it. */
  synchronized void sendPiece(Request request, ReplyBuffer replies) {
    if (request.pieces == 1) {
      replies.markDone();
    }
    send(replies);
    request.pieces--;
    notifyAll();
  }

  /** Gives up one part of a request: the client left before it had sent the whole. */
  synchronized void abandonPiece(Request request) {
    request.error = NbdProtocol.EIO;
    request.pieces--;
    notifyAll();
  }

  /** Waits until no part of any request is in the hands of a worker. */
  synchronized void awaitAllEnded(Request[] requests) {
    boolean interrupted = false;
    for (Request request : requests) {
      while (request.pieces > 0) {
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

  /** A request that no worker knows. There is one: they are more than there are workers. */
  synchronized Request unused(Request[] requests) {
    for (Request request : requests) {
      if (request.pieces == 0) {
        return request;
      }
    }
    throw new AssertionError("more requests in flight than workers");
  }
}
