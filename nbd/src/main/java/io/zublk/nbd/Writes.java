package io.zublk.nbd;

import io.zublk.block.Geometry;
import java.io.EOFException;
import java.io.IOException;

/**
 * How a connection's thread receives the data of a WRITE, in parts as they come, and stores them.
 */
final class Writes {

  /**
   * The data of a refused WRITE is received and dropped up to this length, in bytes, so that the
   * connection goes on; who sends more is hung up on. The same factor of two as nbdkit's.
   */
  private static final long MAX_DROPPED_BYTES = 2L * NbdProtocol.MAX_PAYLOAD_BYTES;

  private final Client client;
  private final RequestServer device;
  private final Receiver receiver;
  private final WorkerPool workers;

  Writes(Client client, RequestServer device, Receiver receiver, WorkerPool workers) {
    this.client = client;
    this.device = device;
    this.receiver = receiver;
    this.workers = workers;
  }

  /**
   * Serves a WRITE.
   *
   * @param refusal 0, or the error of a request that may not be served; its data is dropped
   * @return whether others still work on it
   * @throws IOException if the client left in the middle, or must be hung up on
   * @throws StoppedException if the server stopped in the middle; the rest is put back
   */
  boolean serve(Request request, int refusal) throws IOException {
    if (request.length > MAX_DROPPED_BYTES) {
      throw new IOException("a WRITE of " + request.length + " bytes: too long to be dropped");
    }
    int error = refusal;
    long position = request.position;
    long left = request.length;
    while (left > 0) {
      int part = (int) Math.min(left, receiver.available());
      if (part < left && error == 0) {
        part = wholePages(position, part);
      }
      if (isWorthWaiting(part, left)) {
        receive(request, position, left, error);
        continue;
      }
      if (error == 0) {
        error = store(request, position, part, part < left);
      }
      receiver.consume(part);
      position += part;
      left -= part;
    }
    return end(request, error);
  }

  /**
   * Waits for more of the data.
   *
   * @throws StoppedException if the server wants to stop and what is left can be another request:
   *     one for whose parts so far no error is to be told
   */
  private void receive(Request request, long position, long left, int error) throws IOException {
    boolean isMore;
    try {
      isMore = receiver.receive(error == 0);
    } catch (StoppedException e) {
      if (client.parts().awaitOthers(request) == 0) {
        request.cutTo(position, left);
        receiver.putBack(request);
        throw e;
      }
      isMore = receiver.receive(false);
    }
    if (!isMore) {
      throw new EOFException("the client left in the middle of a WRITE");
    }
  }

  /** Cuts a part so that it ends with a page of the device; a page is stored in one go. */
  private static int wholePages(long position, int part) {
    int beyond = (int) ((position + part) % Geometry.PAGE_BYTES);
    return Math.max(0, part - beyond);
  }

  private boolean isWorthWaiting(int part, long left) {
    return part == 0 || (part < left && part < WorkerPool.HAND_OVER_BYTES && receiver.hasRoom());
  }

  private int store(Request request, long position, int part, boolean moreOfThis) {
    TransferBuffer data = receiver.buffer();
    boolean moreWaits = moreOfThis || receiver.available() > part;
    if (part >= WorkerPool.HAND_OVER_BYTES && moreWaits && receiver.mayShare()) {
      Worker worker = workers.claim();
      if (worker != null) {
        client.parts().add(request);
        data.addUser();
        worker.write(client, request, data, receiver.head(), position, part);
        return 0;
      }
    }
    return device.write(client, request, data, receiver.head(), position, part);
  }

  private boolean end(Request request, int error) {
    if (client.parts().isHeld(request)) {
      device.finish(client, request, error);
      client.parts().letGo();
      return true;
    }
    return device.addResult(client, request, error);
  }
}
