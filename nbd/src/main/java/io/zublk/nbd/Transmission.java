package io.zublk.nbd;

import io.zublk.block.Geometry;
import io.zublk.block.ThreadCounters;
import java.io.IOException;

/**
 * The transmission phase of a connection, on its own thread: requests until the client leaves.
 *
 * <p>The thread receives as many requests as one read brings, serves small ones itself, and sends
 * their replies with one write. Parts of large requests go to idle workers while more is waiting
 * behind them, and what the device will answer later waits without it. Replies therefore come in
 * any order, as the protocol allows.
 */
final class Transmission {

  /**
   * Replies are sent no later than when so many bytes wait: the client can begin with them. Of 16,
   * 32, 64 and 128 KiB, 32 served the most 4 KiB reads at queue depth 32, and for the least
   * processor time.
   */
  private static final int SEND_BYTES = 32 << 10;

  static {
    assert SEND_BYTES + ReplyBuffer.SMALL_REPLY_BYTES <= TransferBuffer.CAPACITY_BYTES;
  }

  private final Client client;
  private final Geometry geometry;
  private final boolean readOnly;
  private final Receiver receiver;
  private final RequestServer device;
  private final ReplyBuffer replies;
  private final WorkerPool workers;
  private final Reads reads;
  private final Writes writes;
  private final ThreadCounters<Counter> counters;
  private Request request;

  Transmission(
      Client client,
      Geometry geometry,
      boolean readOnly,
      Receiver receiver,
      RequestServer device,
      WorkerPool workers) {
    this.client = client;
    this.geometry = geometry;
    this.readOnly = readOnly;
    this.receiver = receiver;
    this.device = device;
    this.replies = device.replies();
    this.workers = workers;
    this.reads = new Reads(client, device, workers);
    this.writes = new Writes(client, device, receiver, workers);
    this.counters = device.counters();
    this.request = client.parts().unused();
  }

  /**
   * Serves until the client leaves, and until nobody uses its memory any more.
   *
   * @throws StoppedException if the server stopped before; what was received is to be used later
   */
  void run() throws IOException {
    try {
      while (receiveRequest() && serveRequest() && !client.writer().isBroken()) {}
    } catch (RuntimeException | Error e) {
      client.writer().hangUp(); // a reply may be half made
      throw e;
    } finally {
      // Others use this connection's memory, and their replies are owed to the client.
      client.parts().abandonHeld();
      client.writer().send(replies);
      client.parts().awaitAllEnded();
    }
  }

  /** Waits for a request; false when the client sends no more. */
  private boolean receiveRequest() throws IOException {
    if (receiver.isToStop()) {
      throw new StoppedException();
    }
    while (receiver.available() < NbdProtocol.REQUEST_BYTES) {
      if (!receiver.receive(true)) {
        return false;
      }
    }
    int offset = receiver.head();
    if (receiver.bytes().getInt(offset) != NbdProtocol.REQUEST_MAGIC) {
      throw new IOException("a request without the magic number: the client is out of step");
    }
    request.decode(receiver.bytes(), offset);
    receiver.consume(NbdProtocol.REQUEST_BYTES);
    return true;
  }

  /** Serves the present request; false when the client is done. */
  private boolean serveRequest() throws IOException {
    if (request.type == NbdProtocol.CMD_DISC) {
      return false;
    }
    int refusal = RequestCheck.check(request, client.session(), geometry, readOnly);
    count(refusal);
    device.reserve(client, ReplyBuffer.SMALL_REPLY_BYTES);
    // A client that has left shows when a reply is sent: not only after many long requests.
    boolean sendNow =
        request.type != NbdProtocol.CMD_WRITE && request.length >= WorkerPool.HAND_OVER_BYTES;
    if (serve(refusal)) {
      request = client.parts().unused();
    }
    if (sendNow || replies.waiting() >= SEND_BYTES) {
      client.writer().send(replies);
    }
    return true;
  }

  /** Serves the present request or refuses it; returns whether others still work on it. */
  private boolean serve(int refusal) throws IOException {
    if (request.type == NbdProtocol.CMD_WRITE) {
      return writes.serve(request, refusal);
    }
    if (refusal != 0) {
      device.addError(client, request, refusal);
      return false;
    }
    boolean moreWaits = receiver.available() >= NbdProtocol.REQUEST_BYTES;
    return switch (request.type) {
      case NbdProtocol.CMD_READ -> reads.serve(request, moreWaits);
      case NbdProtocol.CMD_BLOCK_STATUS -> {
        device.addBlockStatus(client, request);
        yield false;
      }
      default ->
          (moreWaits
                  && request.length >= WorkerPool.HAND_OVER_BYTES
                  && workers.handOver(client, request))
              || device.perform(client, request);
    };
  }

  private void count(int refusal) {
    if (refusal != 0) {
      counters.add(Counter.INVALID, 1);
    }
    long bytes = refusal == 0 ? request.length : 0;
    switch (request.type) {
      case NbdProtocol.CMD_READ -> {
        counters.add(Counter.READS, 1);
        counters.add(Counter.READ_BYTES, bytes);
      }
      case NbdProtocol.CMD_WRITE -> {
        counters.add(Counter.WRITES, 1);
        counters.add(Counter.WRITTEN_BYTES, bytes);
      }
      case NbdProtocol.CMD_FLUSH -> counters.add(Counter.FLUSHES, 1);
      case NbdProtocol.CMD_TRIM -> counters.add(Counter.TRIMS, 1);
      case NbdProtocol.CMD_WRITE_ZEROES -> counters.add(Counter.WRITE_ZEROES, 1);
      case NbdProtocol.CMD_CACHE -> counters.add(Counter.CACHES, 1);
      case NbdProtocol.CMD_BLOCK_STATUS -> counters.add(Counter.BLOCK_STATUSES, 1);
      default -> {}
    }
  }
}
