package io.zublk.nbd;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.BlockStatus;
import io.zublk.block.Errno;
import io.zublk.block.RateLimitedLog;
import io.zublk.block.ThreadCounters;

/**
 * Serves requests on one thread: asks the device, and puts replies into that thread's buffer. Each
 * connection's thread and each worker has one.
 *
 * <p>Requests come here checked: inside the device, and with flags that fit them.
 */
final class RequestServer implements AutoCloseable {

  /** Enough for any map a client can digest at once: 16 KiB of reply. Clients ask on from there. */
  private static final int MAX_EXTENTS = 2048;

  /** The longest reply to a BLOCK_STATUS request, in bytes. */
  private static final int MAP_BYTES =
      NbdProtocol.CHUNK_HEADER_BYTES + Integer.BYTES + MAX_EXTENTS * Long.BYTES;

  private final BlockChannel channel;
  private final ReplyBuffer replies;
  private final ReadReplies reads;
  private final ThreadCounters<Counter> counters;
  private final RateLimitedLog log;

  /** Null if the channel has none. */
  private final LateOperations late;

  /** Serves with a channel that waits for whatever it needs. */
  RequestServer(
      BlockDevice device,
      ReplyBuffer replies,
      ThreadCounters<Counter> counters,
      RateLimitedLog log) {
    this(device.openChannel(), replies, counters, log, null);
  }

  /** Serves with a channel whose operations may be answered later. */
  RequestServer(
      BlockDevice device,
      ReplyBuffer replies,
      ThreadCounters<Counter> counters,
      RateLimitedLog log,
      LateOperations late) {
    this(device.openChannel(late), replies, counters, log, late);
  }

  private RequestServer(
      BlockChannel channel,
      ReplyBuffer replies,
      ThreadCounters<Counter> counters,
      RateLimitedLog log,
      LateOperations late) {
    this.channel = new GuardedChannel(channel, late, log);
    this.replies = replies;
    this.reads = new ReadReplies(this, this.channel, replies, late);
    this.counters = counters;
    this.log = log;
    this.late = late;
  }

  ReplyBuffer replies() {
    return replies;
  }

  ReadReplies reads() {
    return reads;
  }

  ThreadCounters<Counter> counters() {
    return counters;
  }

  // ---- room

  /** Sees to it that so many bytes can be added to the replies, at most a full one. */
  void reserve(Client client, int bytes) {
    assert bytes <= TransferBuffer.CAPACITY_BYTES : bytes;
    if (replies.free() < bytes) {
      client.writer().send(replies);
    }
    if (replies.free() < bytes) {
      renewReplies();
    }
  }

  /** Sees to it that nothing waits to be sent, and that the whole buffer is free. */
  void reserveAll(Client client) {
    // By what is free, as anywhere: whether others use the memory may change between two looks.
    reserve(client, TransferBuffer.CAPACITY_BYTES);
  }

  /** Leaves the memory to the device, which is to fill some of it still. */
  private void renewReplies() {
    TransferBuffer full = replies.memory();
    replies.fill(late.memory().take());
    late.memory().release(full);
  }

  /** Waits, if need be, until one more operation may be late; what is answered is sent before. */
  void awaitRoom(Client client) {
    if (late != null && late.isFull()) {
      client.writer().send(replies);
      late.awaitRoom();
    }
  }

  // ---- requests

  /**
   * Performs a part of a WRITE. What the device answers later becomes a part of its own.
   *
   * @return 0 or a positive errno
   */
  int write(
      Client client, Request request, TransferBuffer data, int offset, long position, int length) {
    awaitRoom(client);
    int result = channel.write(position, data.segment(), offset, length);
    if (result != BlockChannel.LATE) {
      return -result;
    }
    client.parts().add(request);
    late.postponed().use(data);
    late.postponed().fillIn(request);
    late.handOver();
    return 0;
  }

  /**
   * Performs a request without payload either way, and adds its reply.
   *
   * @return whether the device will answer later instead
   */
  boolean perform(Client client, Request request) {
    awaitRoom(client);
    int result =
        switch (request.type) {
          case NbdProtocol.CMD_FLUSH -> channel.flush();
          case NbdProtocol.CMD_TRIM -> channel.discard(request.position, request.length);
          case NbdProtocol.CMD_WRITE_ZEROES -> writeZeroes(request);
          default -> 0; // CACHE: everything is in memory already
        };
    return result == BlockChannel.LATE
        ? leave(client, request)
        : addResult(client, request, -result);
  }

  private int writeZeroes(Request request) {
    boolean mayUnmap = !request.has(NbdProtocol.CMD_FLAG_NO_HOLE);
    if (!mayUnmap && request.has(NbdProtocol.CMD_FLAG_FAST_ZERO)) {
      // Only a hole is certain to be faster than writing zeros.
      return -NbdProtocol.ENOTSUP;
    }
    return channel.writeZeroes(request.position, request.length, mayUnmap);
  }

  private boolean leave(Client client, Request request) {
    client.parts().leave(request);
    late.postponed().fillIn(request);
    late.handOver();
    return true;
  }

  // ---- replies

  /**
   * Adds the reply of a request that has no payload in its reply.
   *
   * @return whether the device will answer later instead
   */
  boolean addResult(Client client, Request request, int errno) {
    int result = errno;
    if (result == 0 && request.has(NbdProtocol.CMD_FLAG_FUA)) {
      awaitRoom(client);
      result = -channel.flush();
      if (result == -BlockChannel.LATE) {
        request.flags &= ~NbdProtocol.CMD_FLAG_FUA; // will have been seen to
        return leave(client, request);
      }
    }
    if (result == 0) {
      replies.addSimple(request.cookie, 0);
    } else {
      addError(client, request, result);
    }
    return false;
  }

  /** Ends a part of a split request that is answered as a whole; the last one sends the reply. */
  void finish(Client client, Request request, int error) {
    int result = client.parts().end(request, error);
    if (result != SplitRequests.OTHERS_GO_ON && !addResult(client, request, result)) {
      client.parts().sendLast(request, replies);
    }
  }

  void addError(Client client, Request request, int errno) {
    counters.add(Counter.ERRORS, 1);
    if (client.session().structured()) {
      replies.addError(request.cookie, NbdProtocol.errorOf(errno));
      replies.markDone();
    } else {
      replies.addSimple(request.cookie, NbdProtocol.errorOf(errno));
    }
  }

  /** Adds the error of a part of a READ that begins at {@code position}. */
  void addErrorAt(Request request, int errno, long position) {
    counters.add(Counter.ERRORS, 1);
    replies.addErrorAt(request.cookie, NbdProtocol.errorOf(errno), position);
  }

  /** Adds the reply to a BLOCK_STATUS request: neighbours of one status are one extent. */
  void addBlockStatus(Client client, Request request) {
    reserve(client, MAP_BYTES);
    int start = replies.end();
    replies.addBlockStatusHeader(request.cookie);
    int maxExtents = request.has(NbdProtocol.CMD_FLAG_REQ_ONE) ? 1 : MAX_EXTENTS;
    long done = 0;
    long run = 0;
    int flags = 0;
    int extents = 0;
    while (done + run < request.length) {
      long status = channel.status(request.position + done + run, request.length - done - run);
      if (status <= 0) {
        replies.truncate(start);
        addError(client, request, status == 0 ? Errno.EIO : (int) -status);
        return;
      }
      if (run > 0 && BlockStatus.flags(status) != flags) {
        replies.addExtent((int) run, flags);
        done += run;
        run = 0;
        if (++extents == maxExtents) {
          break;
        }
      }
      flags = BlockStatus.flags(status);
      run += BlockStatus.length(status);
    }
    if (run > 0) {
      replies.addExtent((int) run, flags);
    }
    replies.markDone();
  }

  /**
   * Ends a part after a fault in this program; what the device throws never comes so far. What is
   * half said to the client cannot be taken back: it is hung up on, and its thread waits no longer.
   */
  void giveUp(Client client, Request request, String where, Throwable fault) {
    replies.clear();
    client.writer().hangUp();
    client.parts().abandon(request, 1);
    log.fault("dropped a client because of a fault in " + where, fault);
  }

  @Override
  public void close() {
    channel.close();
  }
}
