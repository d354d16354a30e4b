package io.zublk.nbd;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockStatus;
import io.zublk.block.Errno;
import io.zublk.block.Geometry;
import io.zublk.block.RateLimitedLog;
import io.zublk.block.ThreadCounters;
import java.lang.foreign.MemorySegment;

/**
 * Serves requests on one thread: asks the device, and puts replies into that thread's buffer. Each
 * connection's thread and each worker has one.
 *
 * <p>Requests come here checked: inside the device, and with flags that fit them.
 */
final class RequestServer implements AutoCloseable {

  /**
   * A hole inside a READ becomes a chunk of its own from this length on, in bytes: below it, the
   * client's handling of one more chunk costs more than copying the zeros.
   */
  static final int MIN_HOLE_BYTES = 32 << 10;

  /** Enough for any map a client can digest at once: 16 KiB of reply. Clients ask on from there. */
  private static final int MAX_EXTENTS = 2048;

  private final BlockChannel channel;
  private final ReplyBuffer replies;
  private final ThreadCounters<Counter> counters;

  RequestServer(
      BlockChannel channel,
      ReplyBuffer replies,
      ThreadCounters<Counter> counters,
      RateLimitedLog log) {
    this.channel = new GuardedChannel(channel, log);
    this.replies = replies;
    this.counters = counters;
  }

  ReplyBuffer replies() {
    return replies;
  }

  ThreadCounters<Counter> counters() {
    return counters;
  }

  /** Performs a part of a WRITE; returns 0 or a positive errno. */
  int write(long position, MemorySegment data, long offset, int length) {
    return -channel.write(position, data, offset, length);
  }

  /** Performs a request without payload either way; returns 0 or a positive errno. */
  int perform(Request request) {
    return -switch (request.type) {
      case NbdProtocol.CMD_FLUSH -> channel.flush();
      case NbdProtocol.CMD_TRIM -> channel.discard(request.position, request.length);
      case NbdProtocol.CMD_WRITE_ZEROES -> writeZeroes(request);
      default -> 0; // CACHE: everything is in memory already
    };
  }

  private int writeZeroes(Request request) {
    boolean mayUnmap = !request.has(NbdProtocol.CMD_FLAG_NO_HOLE);
    if (!mayUnmap && request.has(NbdProtocol.CMD_FLAG_FAST_ZERO)) {
      // Only a hole is certain to be faster than writing zeros.
      return -NbdProtocol.ENOTSUP;
    }
    return channel.writeZeroes(request.position, request.length, mayUnmap);
  }

  /** Adds the reply of a request that has no payload in its reply. */
  void addResult(Session session, Request request, int errno) {
    int result = errno;
    if (result == 0 && request.has(NbdProtocol.CMD_FLAG_FUA)) {
      result = -channel.flush();
    }
    if (result == 0) {
      replies.addSimple(request.cookie, 0);
    } else {
      addError(session, request, result);
    }
  }

  /** Ends a part of a split request that is answered as a whole; the last one sends the reply. */
  void finish(Session session, Request request, int error, ReplyWriter writer) {
    int result = writer.endPiece(request, error);
    if (result != ReplyWriter.OTHERS_GO_ON) {
      addResult(session, request, result);
      writer.sendLast(request, replies);
    }
  }

  void addError(Session session, Request request, int errno) {
    counters.add(Counter.ERRORS, 1);
    if (session.structured()) {
      replies.addError(request.cookie, NbdProtocol.errorOf(errno));
      replies.markDone();
    } else {
      replies.addSimple(request.cookie, NbdProtocol.errorOf(errno));
    }
  }

  /** Adds a simple reply to a READ, at most {@link ReplyBuffer#PAYLOAD_BYTES} long. */
  void addSimpleRead(Session session, Request request) {
    int start = replies.end();
    replies.addSimple(request.cookie, 0);
    int errno = addBytes(request.position, (int) request.length);
    if (errno != 0) {
      replies.truncate(start);
      addError(session, request, errno);
    }
  }

  /** Adds bytes of the device to the reply that was begun; returns 0 or a positive errno. */
  int addBytes(long position, int length) {
    int errno = -channel.read(position, replies.segment(), replies.end(), length);
    if (errno == 0) {
      replies.addFilled(length);
    }
    return errno;
  }

  /**
   * Adds the chunks for a part of a READ, at most {@link ReplyBuffer#PAYLOAD_BYTES} long: data, and
   * holes where they pay. None of them is marked as the last.
   */
  void addChunks(Request request, long position, int length) {
    if (request.has(NbdProtocol.CMD_FLAG_DF)) {
      addData(request, position, length);
      return;
    }
    int done = 0;
    while (done < length) {
      int hole = zerosAt(position + done, length - done);
      if (hole >= MIN_HOLE_BYTES || hole == length) {
        replies.addHole(request.cookie, position + done, hole);
        done += hole;
      } else {
        int data = dataAt(position + done, length - done);
        addData(request, position + done, data);
        done += data;
      }
    }
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

  private void addData(Request request, long position, int length) {
    int start = replies.end();
    replies.addDataHeader(request.cookie, position, length);
    int errno = addBytes(position, length);
    if (errno != 0) {
      counters.add(Counter.ERRORS, 1);
      replies.truncate(start);
      replies.addErrorAt(request.cookie, NbdProtocol.errorOf(errno), position);
    }
  }

  /** Adds the reply to a BLOCK_STATUS request: neighbours of one status are one extent. */
  void addBlockStatus(Session session, Request request) {
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
        addError(session, request, status == 0 ? Errno.EIO : (int) -status);
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

  @Override
  public void close() {
    channel.close();
  }
}
