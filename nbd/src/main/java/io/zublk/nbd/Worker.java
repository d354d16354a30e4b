package io.zublk.nbd;

import io.zublk.block.ThreadCounters;
import java.util.concurrent.locks.LockSupport;

/**
 * A thread that serves parts of large requests for connections whose own threads have more to do.
 * It takes one part at a time, and only when it is idle: nothing ever queues for it, so a client
 * that does not take its replies can stop a worker, but never another client's request.
 */
final class Worker extends Thread {

  private final WorkerPool pool;
  private final int index;
  private final RequestServer server;

  private Client client;
  private Request request;
  private TransferBuffer data;
  private int offset;
  private long position;
  private int length;

  /** Publishes the fields above to this thread. */
  private volatile boolean busy;

  private volatile boolean stopping;

  Worker(WorkerPool pool, int index, RequestServer server) {
    super(null, null, "nbd-worker-" + index, 0, false);
    this.pool = pool;
    this.index = index;
    this.server = server;
    setDaemon(true);
  }

  ThreadCounters<Counter> counters() {
    return server.counters();
  }

  /** Gives the worker, which the caller claimed, a part of a WRITE, with its memory. */
  void write(Client of, Request part, TransferBuffer from, int fromOffset, long at, int bytes) {
    data = from;
    offset = fromOffset;
    serve(of, part, at, bytes);
  }

  /** Gives the worker, which the caller claimed, a part of a READ or another whole request. */
  void serve(Client of, Request part, long at, int bytes) {
    client = of;
    request = part;
    position = at;
    length = bytes;
    busy = true;
    LockSupport.unpark(this);
  }

  void shutDown() {
    stopping = true;
    LockSupport.unpark(this);
  }

  @Override
  public void run() {
    while (!stopping) {
      if (busy) {
        server.counters().add(Counter.HANDED_OVER, 1);
        try {
          serveTask();
        } catch (Throwable e) {
          server.giveUp(client, request, "a worker", e);
        }
        busy = false;
        pool.release(index);
      } else {
        LockSupport.park(this);
      }
    }
    server.close();
  }

  private void serveTask() {
    switch (request.type) {
      case NbdProtocol.CMD_READ -> read();
      case NbdProtocol.CMD_WRITE -> write();
      default -> perform();
    }
  }

  private void read() {
    if (client.session().structured()) {
      boolean _ = server.reads().addChunks(client, request, position, length);
      client.parts().sendChunks(request, server.replies());
    } else {
      boolean _ = server.reads().addSimple(client, request);
      client.parts().sendLast(request, server.replies());
    }
  }

  private void write() {
    int error;
    try {
      error = server.write(client, request, data, offset, position, length);
    } finally {
      client.memory().release(data);
    }
    server.finish(client, request, error);
  }

  private void perform() {
    boolean _ = server.perform(client, request);
    client.parts().sendLast(request, server.replies());
  }
}
