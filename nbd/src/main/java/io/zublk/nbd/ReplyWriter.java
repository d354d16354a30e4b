package io.zublk.nbd;

import io.zublk.block.ThreadCounters;

/**
 * The sending side of a connection, shared by the connection's thread and those that help it. Its
 * monitor keeps replies whole on the wire. A monitor, because a contended {@code
 * java.util.concurrent} lock allocates.
 */
final class ReplyWriter {

  private final ClientSocket socket;
  private final ThreadCounters<Counter> counters;

  /** Not under the monitor: whoever hangs up must not wait for a send that will never end. */
  private volatile boolean broken;

  ReplyWriter(ClientSocket socket, ThreadCounters<Counter> counters) {
    this.socket = socket;
    this.counters = counters;
  }

  /**
   * Sends and empties a buffer. After a failure replies go nowhere and the client is hung up on.
   */
  synchronized void send(ReplyBuffer replies) {
    int begin = replies.begin();
    while (!broken && begin < replies.end()) {
      counters.add(Counter.SOCKET_WRITES, 1);
      int sent = socket.send(replies.segment(), begin, replies.end() - begin);
      if (sent < 0) {
        hangUp();
      }
      begin += sent;
    }
    replies.markSent();
  }

  /**
   * Sends a simple reply to a READ of any length, in as many writes as it takes; nothing else comes
   * between them. An error after the first one can only be told by hanging up ("NBD_CMD_READ",
   * "Simple replies").
   */
  synchronized void sendSimpleRead(ReadReplies reads, Client client, Request request) {
    reads.beginSimple(request);
    for (long done = 0; done < request.length && !broken; done += ReplyBuffer.PAYLOAD_BYTES) {
      int part = (int) Math.min(request.length - done, ReplyBuffer.PAYLOAD_BYTES);
      int errno = reads.addBytes(request.position + done, part);
      if (errno != 0) {
        reads.endSimple(client, request, errno);
        if (done > 0) {
          hangUp();
        }
        return;
      }
      send(reads.replies());
    }
  }

  /**
   * Drops the connection: the client is not to be served any longer, or what was sent cannot be
   * completed truthfully. From any thread; wakes one that waits for the client.
   */
  void hangUp() {
    broken = true;
    socket.hangUp();
  }

  /** Whether replies go nowhere: further work for this client is for nobody. */
  boolean isBroken() {
    return broken;
  }
}
