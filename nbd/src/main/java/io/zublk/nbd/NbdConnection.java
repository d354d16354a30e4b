package io.zublk.nbd;

import io.zublk.block.Geometry;
import io.zublk.block.ThreadCounters;
import java.io.IOException;

/** One client, served by one thread: the handshake, then its requests, until it leaves. */
final class NbdConnection implements Runnable {

  private final Connections all;
  private final NbdPeer peer;
  private final ClientSocket socket;
  private final StoppedClient begin;
  private final NbdExport export;
  private final WorkerPool workers;
  private final ConnectionMemory memory;
  private final long handshakeDeadline;
  private volatile boolean inHandshake = true;
  private volatile boolean overdue;
  private final ThreadCounters<Counter> counters = new ThreadCounters<>(Counter.class);
  private final ThreadCounters<Counter> lateCounters = new ThreadCounters<>(Counter.class);
  private final ReplyWriter writer;

  /**
   * Goes on with a client.
   *
   * @param peer who it is
   * @param socket its socket
   * @param begin where it is, just connected or stopped before
   */
  NbdConnection(
      Connections all,
      NbdPeer peer,
      ClientSocket socket,
      StoppedClient begin,
      NbdExport export,
      WorkerPool workers,
      ConnectionMemory memory,
      long handshakeDeadline) {
    this.handshakeDeadline = handshakeDeadline;
    this.all = all;
    this.peer = peer;
    this.socket = socket;
    this.begin = begin;
    this.export = export;
    this.workers = workers;
    this.memory = memory;
    this.writer = new ReplyWriter(socket, counters);
  }

  NbdPeer peer() {
    return peer;
  }

  /** Ends the connection now. From any thread. */
  void abort() {
    writer.hangUp();
  }

  /** Ends the connection of a client that no thread will serve. */
  void drop() {
    socket.close();
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
    Receiver receiver = new Receiver(socket, memory, writer, replies, counters);
    StoppedClient stopped = null;
    try {
      stopped = serve(receiver, replies);
    } catch (IOException e) {
      all.log().debug("dropped a client: " + e);
    } catch (Throwable e) {
      all.log().fault("dropped a client because of a fault in the server", e);
    } finally {
      receiver.close();
      memory.release(replies.memory());
      if (stopped == null) {
        writer.hangUp();
        socket.close();
      }
      all.ended(this, stopped);
    }
  }

  /** Serves the client; returns it if the server has stopped it for somebody to go on with. */
  private StoppedClient serve(Receiver receiver, ReplyBuffer replies) throws IOException {
    StoppedClient stopped =
        switch (begin.stage()) {
          case Negotiation negotiation -> negotiate(negotiation, receiver, replies);
          case Session session -> {
            receiver.putFirst(begin.received());
            yield transmit(session, receiver, replies);
          }
        };
    if (writer.isBroken()) {
      return null;
    }
    if (stopped == null || all.areClosed()) {
      socket.finish(all.drainTimeout());
      return null;
    }
    return stopped;
  }

  private StoppedClient negotiate(Negotiation from, Receiver receiver, ReplyBuffer replies)
      throws IOException {
    Handshake handshake =
        new Handshake(socket, export, from, begin.received(), receiver.buffer(), replies.memory());
    Session session;
    try {
      session = handshake.run();
    } catch (StoppedException e) {
      return new StoppedClient(socket.socket(), handshake.negotiation(), handshake.unused());
    } catch (IOException e) {
      if (handshake.heard() || overdue) {
        all.handshakeFailed(overdue ? "its handshake took too long" : e.getMessage());
      }
      throw e;
    }
    return session == null ? null : transmit(session, receiver, replies);
  }

  private StoppedClient transmit(Session session, Receiver receiver, ReplyBuffer replies)
      throws IOException {
    inHandshake = false;
    SplitRequests parts = new SplitRequests(writer, workers.size());
    Client client = new Client(session, writer, parts, memory);
    LateOperations late = new LateOperations(memory, of -> newReplier(client, of));
    // If the device gets another size from now on, it is the next connection that hears of it.
    Geometry geometry = export.device().geometry();
    try (RequestServer device =
        new RequestServer(export.device(), replies, counters, all.log(), late)) {
      new Transmission(client, geometry, export.readOnly(), receiver, device, workers).run();
      return null;
    } catch (StoppedException e) {
      return new StoppedClient(socket.socket(), session, receiver.unused());
    } finally {
      late.close();
    }
  }

  private LateReplier newReplier(Client client, LateOperations late) {
    ReplyBuffer replies = LateReplier.newReplies();
    return new LateReplier(
        client, late, new RequestServer(export.device(), replies, lateCounters, all.log()));
  }
}
