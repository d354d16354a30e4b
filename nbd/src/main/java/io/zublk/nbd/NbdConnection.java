package io.zublk.nbd;

import io.zublk.block.Geometry;
import io.zublk.block.ThreadCounters;
import java.io.IOException;
import java.nio.channels.SocketChannel;

/** One client, served by one thread: the handshake, then its requests, until it leaves. */
final class NbdConnection implements Runnable {

  private final NbdServer server;
  private final SocketChannel channel;
  private final NbdExport export;
  private final Geometry geometry;
  private final WorkerPool workers;
  private final ConnectionMemory memory;
  private final long handshakeDeadline;
  private volatile boolean inHandshake = true;
  private volatile boolean overdue;
  private final ThreadCounters<Counter> counters = new ThreadCounters<>(Counter.class);
  private final ThreadCounters<Counter> lateCounters = new ThreadCounters<>(Counter.class);
  private final ReplyWriter writer;

  NbdConnection(
      NbdServer server,
      SocketChannel channel,
      NbdExport export,
      WorkerPool workers,
      ConnectionMemory memory,
      long handshakeDeadline) {
    this.handshakeDeadline = handshakeDeadline;
    this.server = server;
    this.channel = channel;
    this.export = export;
    this.geometry = export.device().geometry();
    this.workers = workers;
    this.memory = memory;
    this.writer = new ReplyWriter(channel, counters);
  }

  /** Ends the connection once the requests that were received are answered. From any thread. */
  void stopReceiving() {
    try {
      channel.shutdownInput();
    } catch (IOException e) {
      abort();
    }
  }

  /** Ends the connection now. From any thread. */
  void abort() {
    writer.hangUp();
  }

  /** Ends the connection if its handshake takes too long. */
  void abortIfOverdue(long nowNanos) {
    if (inHandshake && nowNanos - handshakeDeadline > 0) {
      overdue = true;
      abort();
    }
  }

  void addCountersTo(ThreadCounters<Counter> sum) {
    sum.addAll(counters);
    sum.addAll(lateCounters);
  }

  ConnectionMemory memory() {
    return memory;
  }

  @Override
  public void run() {
    ReplyBuffer replies = new ReplyBuffer(memory.take());
    Receiver receiver = new Receiver(channel, memory, writer, replies, counters);
    Handshake handshake = new Handshake(channel, export, receiver.bytes(), replies.scratch());
    try {
      Session session = handshake.run();
      inHandshake = false;
      if (session != null) {
        serve(session, receiver, replies);
      }
    } catch (IOException e) {
      if (inHandshake && (handshake.heard() || overdue)) {
        server.handshakeFailed();
      }
      server.log().debug("dropped a client: " + e);
    } catch (Throwable e) {
      server.log().fault("dropped a client because of a fault in the server", e);
    } finally {
      writer.hangUp();
      receiver.close();
      memory.release(replies.memory());
      server.connectionEnded(this);
    }
  }

  private void serve(Session session, Receiver receiver, ReplyBuffer replies) throws IOException {
    SplitRequests parts = new SplitRequests(writer, workers.size());
    Client client = new Client(session, writer, parts, memory);
    LateOperations late = new LateOperations(memory, of -> newReplier(client, of));
    try (RequestServer device =
        new RequestServer(export.device(), replies, counters, server.log(), late)) {
      new Transmission(client, geometry, export.readOnly(), receiver, device, workers).run();
    } finally {
      late.close();
    }
  }

  private LateReplier newReplier(Client client, LateOperations late) {
    ReplyBuffer replies = LateReplier.newReplies();
    return new LateReplier(
        client, late, new RequestServer(export.device(), replies, lateCounters, server.log()));
  }
}
