package io.zublk.nbd;

import io.zublk.block.Geometry;

/**
 * The thread of a connection that replies to what its device has answered later. It may wait for
 * the client, which neither the device's threads nor the connection's own may meanwhile.
 */
final class LateReplier extends Thread {

  private static final int CAPACITY_BYTES = Geometry.PAGE_BYTES;

  /** What it takes of the direct memory that the JVM allows, in bytes. */
  static final int DIRECT_BYTES = CAPACITY_BYTES + Geometry.PAGE_BYTES;

  static {
    assert CAPACITY_BYTES >= ReplyBuffer.SMALL_REPLY_BYTES;
  }

  private final Client client;
  private final LateOperations late;
  private final RequestServer server;

  /** Replies that were made by the connection's thread, and only waited for their data. */
  private final ReplyBuffer prepared;

  /**
   * Makes the thread.
   *
   * @param server with small replies, and a channel whose operations are not late
   */
  LateReplier(Client client, LateOperations late, RequestServer server) {
    super(null, null, "nbd-late", 0, false);
    this.client = client;
    this.late = late;
    this.server = server;
    this.prepared = new ReplyBuffer(server.replies().memory());
    setDaemon(true);
  }

  /** Memory for the server of such a thread. */
  static ReplyBuffer newReplies() {
    return new ReplyBuffer(new TransferBuffer(CAPACITY_BYTES));
  }

  @Override
  public void start() {
    try {
      super.start();
    } catch (Throwable e) { // the system gives no more threads
      server.close();
      throw e;
    }
  }

  @Override
  public void run() {
    LateOperation operation = late.awaitAnswered();
    while (operation != null) {
      try {
        reply(operation, -operation.result);
      } catch (Throwable e) {
        server.giveUp(client, operation.request, "a late answer", e);
      } finally {
        late.release(operation);
      }
      operation = late.awaitAnswered();
    }
    server.close();
  }

  private void reply(LateOperation operation, int errno) {
    Request request = operation.request;
    switch (operation.purpose) {
      case RESULT -> server.finish(client, request, errno);
      case CHUNK -> client.parts().sendChunks(request, chunk(operation, errno));
      case SIMPLE_READ -> client.parts().sendLast(request, simpleRead(operation, errno));
    }
  }

  private ReplyBuffer chunk(LateOperation operation, int errno) {
    if (errno == 0) {
      return prepared(operation);
    }
    server.addErrorAt(operation.request, errno, operation.position);
    return server.replies();
  }

  private ReplyBuffer simpleRead(LateOperation operation, int errno) {
    if (errno == 0) {
      return prepared(operation);
    }
    server.addError(client, operation.request, errno);
    return server.replies();
  }

  private ReplyBuffer prepared(LateOperation operation) {
    prepared.show(operation.buffer, operation.from, operation.to);
    return prepared;
  }
}
