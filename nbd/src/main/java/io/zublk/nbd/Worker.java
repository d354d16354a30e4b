package io.zublk.nbd;

import io.zublk.block.RateLimitedLog;
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
  private final RateLimitedLog log;

  private ReplyWriter writer;
  private Session session;
  private Request request;
  private Slab slab;
  private int offset;
  private long position;
  private int length;

  /** Publishes the fields above to this thread. */
  private volatile boolean busy;

  private volatile boolean stopping;

  Worker(WorkerPool pool, int index, RequestServer server, RateLimitedLog log) {
    super(null, null, "nbd-worker-" + index, 0, false);
    this.pool = pool;
    this.index = index;
    this.server = server;
    this.log = log;
    setDaemon(true);
  }

  ThreadCounters<Counter> counters() {
    return server.counters();
  }

  /**
   * Gives the worker, which the caller claimed, a part of a WRITE. The slab, which the caller
   * pinned, is unpinned when the bytes are no longer needed.
   */
  void write(ReplyWriter to, Session of, Request part, Slab data, int from, long at, int bytes) {
    slab = data;
    offset = from;
    begin(to, of, part, at, bytes);
  }

  /** Gives the worker, which the caller claimed, a part of a READ or another whole request. */
  void serve(ReplyWriter to, Session of, Request part, long at, int bytes) {
    begin(to, of, part, at, bytes);
  }

  private void begin(ReplyWriter to, Session of, Request part, long at, int bytes) {
    writer = to;
    session = of;
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
        try {
          serveTask();
        } catch (Throwable e) {
          giveUp(e);
        }
        busy = false;
        pool.release(index);
      } else {
        LockSupport.park(this);
      }
    }
    server.close();
  }

  /**
   * Ends the part after a fault in this program; what the device throws never comes so far. What is
   * half said to the client cannot be taken back: it is hung up on, and its thread waits no longer.
   */
  private void giveUp(Throwable fault) {
    server.replies().truncate(0);
    writer.hangUp();
    writer.abandonPieces(request, 1);
    log.fault("dropped a client because of a fault in a worker", fault);
  }

  private void serveTask() {
    switch (request.type) {
      case NbdProtocol.CMD_READ -> read();
      case NbdProtocol.CMD_WRITE -> write();
      default -> server.finish(session, request, server.perform(request), writer);
    }
  }

  private void read() {
    if (session.structured()) {
      server.addChunks(request, position, length);
      writer.sendPiece(request, server.replies());
    } else {
      server.addSimpleRead(session, request);
      writer.sendLast(request, server.replies());
    }
  }

  private void write() {
    int error;
    try {
      error = server.write(position, slab.segment(), offset, length);
    } finally {
      slab.unpin();
    }
    server.finish(session, request, error, writer);
  }
}
