package io.zublk.nbd;

/** The ways in which a connection's thread serves a READ. */
final class Reads {

  private final Client client;
  private final RequestServer device;
  private final ReplyBuffer replies;
  private final WorkerPool workers;

  Reads(Client client, RequestServer device, WorkerPool workers) {
    this.client = client;
    this.device = device;
    this.replies = device.replies();
    this.workers = workers;
  }

  /**
   * Serves a READ that may be served.
   *
   * @param moreWaits whether another request has been received
   * @return whether others still work on it
   */
  boolean serve(Request request, boolean moreWaits) {
    boolean structured = client.session().structured();
    if (request.length > ReplyBuffer.PAYLOAD_BYTES) {
      return structured ? readInPieces(request) : sendSimple(request);
    }
    if (moreWaits
        && request.length >= WorkerPool.HAND_OVER_BYTES
        && workers.handOver(client, request)) {
      return true;
    }
    return structured ? addChunks(request) : addSimple(request);
  }

  private boolean sendSimple(Request request) {
    device.reads().sendSimple(client, request);
    return false;
  }

  private boolean addSimple(Request request) {
    device.reserve(client, (int) request.length + NbdProtocol.SIMPLE_REPLY_BYTES);
    return device.reads().addSimple(client, request);
  }

  private boolean addChunks(Request request) {
    if (request.length == 0) {
      replies.addNone(request.cookie);
      return false;
    }
    int length = (int) request.length;
    device.reserve(client, length + ReplyBuffer.CHUNKS_BYTES);
    if (device.reads().addChunks(client, request, request.position, length)) {
      return true;
    }
    if (client.parts().isHeld(request)) { // the device has not answered all yet
      client.parts().sendChunks(request, replies);
      client.parts().letGo();
      return true;
    }
    replies.markDone();
    return false;
  }

  private boolean readInPieces(Request request) {
    client.writer().send(replies);
    int left = (int) Math.ceilDiv(request.length, (long) ReplyBuffer.PAYLOAD_BYTES);
    client.parts().split(request, left);
    try {
      for (long done = 0; left > 0 && !client.writer().isBroken(); left--) {
        int part = (int) Math.min(request.length - done, ReplyBuffer.PAYLOAD_BYTES);
        readPiece(request, request.position + done, part, left == 1);
        done += part;
      }
    } finally {
      client.parts().abandon(request, left);
    }
    return true;
  }

  /** Reads a part of the request, or has a worker read it. */
  private void readPiece(Request request, long position, int length, boolean isLast) {
    Worker worker = isLast ? null : workers.claim();
    if (worker != null) {
      worker.serve(client, request, position, length);
      return;
    }
    device.reserve(client, length + ReplyBuffer.CHUNKS_BYTES);
    if (!device.reads().addChunks(client, request, position, length)) {
      client.parts().sendChunks(request, replies);
    }
  }
}
