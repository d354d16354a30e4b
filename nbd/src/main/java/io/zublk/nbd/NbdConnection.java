package io.zublk.nbd;

import io.zublk.block.Geometry;
import io.zublk.block.ThreadCounters;
import java.io.IOException;
import java.nio.channels.SocketChannel;

/**
 * One client, served by one thread: the handshake, then requests until the client leaves.
 *
 * <p>The thread receives as many requests as one read brings, serves small ones itself, and sends
 * their replies with one write. Parts of large requests go to idle workers while more is waiting
 * behind them. Replies therefore come in any order, as the protocol allows.
 */
final class NbdConnection implements Runnable {

  /**
   * From this length on, in bytes, a part of a request is worth waking a worker: that costs two
   * context switches, about 10 µs, a tenth of what a page store needs for so much data.
   */
  static final int HAND_OVER_BYTES = 64 << 10;

  /**
   * Replies are sent no later than when so many bytes wait: the client can begin with them. Of 16,
   * 32, 64 and 128 KiB, 32 served the most 4 KiB reads at queue depth 32, and for the least
   * processor time.
   */
  private static final int SEND_BYTES = 32 << 10;

  /**
   * The data of a refused WRITE is received and dropped up to this length, in bytes, so that the
   * connection goes on; who sends more is hung up on. The same factor of two as nbdkit's.
   */
  private static final long MAX_DROPPED_BYTES = 2L * NbdProtocol.MAX_PAYLOAD_BYTES;

  private final NbdServer server;
  private final SocketChannel channel;
  private final NbdExport export;
  private final Geometry geometry;
  private final WorkerPool workers;
  private final long handshakeDeadline;
  private volatile boolean inHandshake = true;
  private volatile boolean late;
  private final ConnectionMemory memory;
  private final ThreadCounters<Counter> counters = new ThreadCounters<>(Counter.class);

  private final Receiver receiver;
  private final ReplyWriter writer;
  private final Request[] requests;
  private RequestServer device;
  private ReplyBuffer replies;
  private Session session;
  private Request request;

  /** Whether {@link #request} was split and this thread still works on its part. */
  private boolean holdsPiece;

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
    this.receiver = new Receiver(channel, memory, counters);
    this.requests = new Request[workers.size() + 1];
    for (int slot = 0; slot < requests.length; slot++) {
      requests[slot] = new Request(slot);
    }
    this.writer = new ReplyWriter(channel, requests.length, counters);
    request = requests[0];
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
  void abortIfLate(long nowNanos) {
    if (inHandshake && nowNanos - handshakeDeadline > 0) {
      late = true;
      abort();
    }
  }

  ThreadCounters<Counter> counters() {
    return counters;
  }

  ConnectionMemory memory() {
    return memory;
  }

  @Override
  public void run() {
    Handshake handshake =
        new Handshake(channel, export, receiver.bytes(), memory.replies().scratch());
    try {
      session = handshake.run();
      inHandshake = false;
      if (session != null) {
        serve();
      }
    } catch (IOException e) {
      if (inHandshake && (handshake.heard() || late)) {
        server.handshakeFailed();
      }
      server.log().debug("dropped a client: " + e);
    } catch (Throwable e) {
      server.log().fault("dropped a client because of a fault in the server", e);
    } finally {
      writer.hangUp();
      server.connectionEnded(this);
    }
  }

  private void serve() throws IOException {
    try (RequestServer own =
        new RequestServer(
            export.device().openChannel(), memory.replies(), counters, server.log())) {
      device = own;
      replies = own.replies();
      replies.truncate(0);
      try {
        while (receiveRequest() && serveRequest() && !writer.isBroken()) {}
      } catch (RuntimeException | Error e) {
        writer.hangUp(); // a reply may be half made
        throw e;
      } finally {
        // Workers use this connection's memory, and their replies are owed to the client.
        if (holdsPiece) {
          writer.abandonPieces(request, 1);
        }
        writer.send(replies);
        writer.awaitAllEnded();
      }
    }
  }

  /** Waits for a request; false when the client sends no more. */
  private boolean receiveRequest() throws IOException {
    while (receiver.available() < NbdProtocol.REQUEST_BYTES) {
      if (!receiver.hasRoom()) {
        receiver.makeRoom();
      }
      if (!receiveMore()) {
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

  /** Whatever is answered is sent before this thread waits. */
  private boolean receiveMore() throws IOException {
    if (replies.end() > 0) {
      writer.send(replies);
    }
    return receiver.receive();
  }

  /** Serves the present request; false when the client is done. */
  private boolean serveRequest() throws IOException {
    if (request.type == NbdProtocol.CMD_DISC) {
      return false;
    }
    int refusal = RequestCheck.check(request, session, geometry, export.readOnly());
    count(refusal);
    reserve(ReplyBuffer.SMALL_REPLY_BYTES);
    if (request.type == NbdProtocol.CMD_WRITE) {
      if (request.length > MAX_DROPPED_BYTES) {
        throw new IOException("a WRITE of " + request.length + " bytes: too long to be dropped");
      }
      return write(refusal);
    }
    long length = request.length;
    if (refusal != 0) {
      device.addError(session, request, refusal);
    } else if (request.type == NbdProtocol.CMD_READ) {
      read();
    } else if (request.type == NbdProtocol.CMD_BLOCK_STATUS) {
      reserve(ReplyBuffer.PAYLOAD_BYTES);
      device.addBlockStatus(session, request);
    } else {
      perform();
    }
    // A client that has left shows when a reply is sent: not only after many long requests.
    if (replies.end() >= SEND_BYTES || length >= HAND_OVER_BYTES) {
      writer.send(replies);
    }
    return true;
  }

  private void reserve(int bytes) {
    if (replies.free() < bytes) {
      writer.send(replies);
    }
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

  // ---- READ

  private void read() {
    boolean more = receiver.available() >= NbdProtocol.REQUEST_BYTES;
    if (request.length > ReplyBuffer.PAYLOAD_BYTES) {
      readInPieces();
    } else if (request.length >= HAND_OVER_BYTES && more && handOver()) {
      return;
    } else if (session.structured()) {
      addStructuredRead();
    } else {
      reserve((int) request.length + NbdProtocol.SIMPLE_REPLY_BYTES);
      device.addSimpleRead(session, request);
    }
  }

  private void addStructuredRead() {
    if (request.length == 0) {
      replies.addNone(request.cookie);
      return;
    }
    reserve((int) request.length + ReplyBuffer.CHUNKS_BYTES);
    device.addChunks(request, request.position, (int) request.length);
    replies.markDone();
  }

  private void readInPieces() {
    if (!session.structured()) {
      writer.sendSimpleRead(device, session, request);
      return;
    }
    writer.send(replies);
    int left = (int) Math.ceilDiv(request.length, (long) ReplyBuffer.PAYLOAD_BYTES);
    writer.split(request, left);
    try {
      for (long done = 0; left > 0 && !writer.isBroken(); done += ReplyBuffer.PAYLOAD_BYTES) {
        readPiece(done);
        left--;
      }
    } finally {
      writer.abandonPieces(request, left);
    }
    request = requests[writer.unusedSlot()];
  }

  /** Reads the part of the request from {@code done} on, or has a worker read it. */
  private void readPiece(long done) {
    int part = (int) Math.min(request.length - done, ReplyBuffer.PAYLOAD_BYTES);
    Worker worker = done + part < request.length ? workers.claim() : null;
    if (worker != null) {
      counters.add(Counter.HANDED_OVER, 1);
      worker.serve(writer, session, request, request.position + done, part);
    } else {
      device.addChunks(request, request.position + done, part);
      writer.sendPiece(request, replies);
    }
  }

  // ---- requests without data

  private void perform() {
    if (request.length >= HAND_OVER_BYTES
        && receiver.available() >= NbdProtocol.REQUEST_BYTES
        && handOver()) {
      return;
    }
    device.addResult(session, request, device.perform(request));
  }

  /** Gives the whole request to an idle worker, if there is one. */
  private boolean handOver() {
    Worker worker = workers.claim();
    if (worker == null) {
      return false;
    }
    counters.add(Counter.HANDED_OVER, 1);
    writer.split(request, 1);
    worker.serve(writer, session, request, request.position, (int) request.length);
    request = requests[writer.unusedSlot()];
    return true;
  }

  // ---- WRITE

  /**
   * Receives the data of a WRITE, in parts as they come, and stores them.
   *
   * @param refusal the error of a request that may not be served; its data is received and dropped
   * @return false if the client left in the middle
   */
  private boolean write(int refusal) throws IOException {
    int error = refusal;
    long position = request.position;
    long left = request.length;
    while (left > 0) {
      int part = (int) Math.min(left, receiver.available());
      if (part < left && error == 0) {
        part = wholePages(position, part);
      }
      if (part == 0 || (part < left && part < HAND_OVER_BYTES && receiver.hasRoom())) {
        if (!receiver.hasRoom()) {
          receiver.makeRoom();
        }
        if (!receiveMore()) {
          return false;
        }
        continue;
      }
      if (error == 0) {
        error = writePart(position, part, part < left);
      }
      receiver.consume(part);
      position += part;
      left -= part;
    }
    endWrite(error);
    return true;
  }

  /** Cuts a part so that it ends with a page of the device; a page is stored in one go. */
  private static int wholePages(long position, int part) {
    int beyond = (int) ((position + part) % Geometry.PAGE_BYTES);
    return Math.max(0, part - beyond);
  }

  private int writePart(long position, int part, boolean moreOfThis) {
    Slab slab = receiver.slab();
    boolean more = moreOfThis || receiver.available() > part;
    if (part >= HAND_OVER_BYTES && more && receiver.mayPin()) {
      Worker worker = workers.claim();
      if (worker != null) {
        counters.add(Counter.HANDED_OVER, 1);
        writer.addPiece(request);
        holdsPiece = true;
        slab.pin();
        worker.write(writer, session, request, slab, receiver.head(), position, part);
        return 0;
      }
    }
    return device.write(position, slab.segment(), receiver.head(), part);
  }

  private void endWrite(int error) {
    if (holdsPiece) {
      holdsPiece = false;
      device.finish(session, request, error, writer);
      request = requests[writer.unusedSlot()];
    } else {
      device.addResult(session, request, error);
    }
  }
}
