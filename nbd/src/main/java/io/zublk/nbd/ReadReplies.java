package io.zublk.nbd;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockStatus;
import io.zublk.block.Geometry;
import io.zublk.nbd.LateOperation.Purpose;

/** Makes the replies to READs on one thread, for its {@link RequestServer}. */
final class ReadReplies {

  /**
   * A hole inside a READ becomes a chunk of its own from this length on, in bytes: below it, the
   * client's handling of one more chunk costs more than copying the zeros.
   */
  static final int MIN_HOLE_BYTES = 32 << 10;

  static {
    int holes = ReplyBuffer.PAYLOAD_BYTES / MIN_HOLE_BYTES;
    int chunks = holes + (holes + 1); // with data before, between and behind them
    assert chunks * ReplyBuffer.LONGEST_HEADER_BYTES <= ReplyBuffer.CHUNKS_BYTES;
  }

  private final RequestServer server;
  private final BlockChannel channel;
  private final ReplyBuffer replies;

  /** Null if the channel has none. */
  private final LateOperations late;

  ReadReplies(
      RequestServer server, BlockChannel channel, ReplyBuffer replies, LateOperations late) {
    this.server = server;
    this.channel = channel;
    this.replies = replies;
    this.late = late;
  }

  ReplyBuffer replies() {
    return replies;
  }

  // ---- simple replies

  /**
   * Adds a simple reply to a READ, at most {@link ReplyBuffer#PAYLOAD_BYTES} long.
   *
   * @return whether the device will answer later instead
   */
  boolean addSimple(Client client, Request request) {
    server.awaitRoom(client);
    int start = replies.end();
    replies.addSimple(request.cookie, 0);
    int length = (int) request.length;
    int result = channel.read(request.position, replies.segment(), replies.end(), length);
    if (result == 0) {
      replies.addFilled(length);
    } else if (result == BlockChannel.LATE) {
      client.parts().leave(request);
      leave(client, Purpose.SIMPLE_READ, request, start, request.position, length);
      return true;
    } else {
      replies.truncate(start);
      server.addError(client, request, -result);
    }
    return false;
  }

  /** Sends a simple reply to a READ of any length; while it lasts, nothing else is sent. */
  void sendSimple(Client client, Request request) {
    server.reserveAll(client);
    server.awaitRoom(client);
    client.writer().sendSimpleRead(this, client, request);
  }

  /** Begins the simple reply to a READ of any length; its data follow in parts. */
  void beginSimple(Request request) {
    replies.addSimple(request.cookie, 0);
  }

  /**
   * Adds bytes of the device to the reply that was begun, if need be after waiting for them.
   *
   * @return 0 or a positive errno
   */
  int addBytes(long position, int length) {
    int result = channel.read(position, replies.segment(), replies.end(), length);
    if (result == BlockChannel.LATE) {
      result = late.awaitAnswer();
    }
    if (result == 0) {
      replies.addFilled(length);
    }
    return -result;
  }

  /** Puts an error in the place of what was added and not sent. */
  void endSimple(Client client, Request request, int errno) {
    replies.clear();
    server.addError(client, request, errno);
  }

  // ---- chunks

  /**
   * Adds the chunks for a part of a READ, at most {@link ReplyBuffer#PAYLOAD_BYTES} long: data, and
   * holes where they pay. None of them is marked as the last. Those that the device answers later
   * become parts of their own.
   *
   * @return whether the last of them did, so that nothing is left of the caller's part
   */
  boolean addChunks(Client client, Request request, long position, int length) {
    if (request.has(NbdProtocol.CMD_FLAG_DF)) {
      return addData(client, request, position, length, true);
    }
    boolean isLeft = false;
    int done = 0;
    while (done < length) {
      int hole = zerosAt(position + done, length - done);
      if (hole >= MIN_HOLE_BYTES || hole == length) {
        replies.addHole(request.cookie, position + done, hole);
        done += hole;
      } else {
        int data = dataAt(position + done, length - done);
        isLeft = addData(client, request, position + done, data, done + data == length);
        done += data;
      }
    }
    return isLeft;
  }

  /** How many of the bytes from {@code position} on are known to be zeros. */
  private int zerosAt(long position, int length) {
    long status = channel.status(position, length);
    boolean zero = status > 0 && (BlockStatus.flags(status) & BlockStatus.ZERO) != 0;
    return zero ? (int) BlockStatus.length(status) : 0;
  }

  /** How many bytes from {@code position} on are best sent as data: up to the next long hole. */
  private int dataAt(long position, int length) {
    int data = Math.min(length, Geometry.PAGE_BYTES);
    while (data < length) {
      long status = channel.status(position + data, length - data);
      if (status <= 0) {
        return length; // reading will tell what is wrong
      }
      int run = (int) BlockStatus.length(status);
      boolean zero = (BlockStatus.flags(status) & BlockStatus.ZERO) != 0;
      if (zero && run >= MIN_HOLE_BYTES) {
        return data;
      }
      data += run;
    }
    return length;
  }

  private boolean addData(
      Client client, Request request, long position, int length, boolean isLast) {
    server.awaitRoom(client);
    int start = replies.end();
    replies.addDataHeader(request.cookie, position, length);
    int result = channel.read(position, replies.segment(), replies.end(), length);
    if (result == 0) {
      replies.addFilled(length);
    } else if (result == BlockChannel.LATE) {
      if (isLast) {
        client.parts().leave(request);
      } else {
        client.parts().add(request);
      }
      leave(client, Purpose.CHUNK, request, start, position, length);
      return isLast;
    } else {
      replies.truncate(start);
      server.addErrorAt(request, -result, position);
    }
    return false;
  }

  /** Leaves the reply that begins at {@code start} to the device, and goes on behind it. */
  private void leave(
      Client client, Purpose purpose, Request request, int start, long position, int length) {
    int end = replies.end() + length;
    LateOperation operation = late.postponed();
    operation.use(replies.memory());
    operation.fillIn(purpose, request, start, end, position);
    replies.truncate(start);
    if (replies.waiting() > 0) {
      client.writer().send(replies);
    }
    replies.skipTo(end);
    late.handOver();
  }
}
