package io.zublk.nbd;

import io.zublk.store.RamStore;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * What a server without workers, which therefore keeps the order, must answer: by the protocol
 * document, and an array of bytes.
 */
final class ExpectedReplies {

  private static final int PAGE = 4096;
  private static final int ERROR = 1 << 15;

  private final Session session;
  private final boolean readOnly;
  private final byte[] device = new byte[RamStore.BYTES];

  ExpectedReplies(Session session, boolean readOnly) {
    this.session = session;
    this.readOnly = readOnly;
  }

  /** What a WRITE carries: bytes that tell of their request and place. */
  static byte[] payload(SentRequest request) {
    byte[] bytes = new byte[(int) request.length()];
    Arrays.fill(bytes, (byte) request.cookie());
    for (int i = 0; i < bytes.length; i += 64) {
      bytes[i] = (byte) ((request.position() + i) >> 6);
    }
    return bytes;
  }

  void check(List<SentRequest> requests, ByteBuffer replies) {
    for (SentRequest request : requests) {
      boolean leaves =
          request.type() == NbdProtocol.CMD_DISC
              || (request.type() == NbdProtocol.CMD_WRITE
                  && request.length() > RamStore.BYTES + 8192);
      if (leaves) {
        break;
      }
      check(request, replies);
    }
    require(!replies.hasRemaining(), "more than was asked for: " + replies.remaining(), null);
  }

  private void check(SentRequest request, ByteBuffer replies) {
    require(replies.remaining() >= 16, "no reply", request);
    int magic = replies.getInt();
    boolean failed =
        magic == NbdProtocol.SIMPLE_REPLY_MAGIC
            ? simple(request, replies)
            : chunks(request, replies, magic);
    if (request.length() > 0 || request.type() == NbdProtocol.CMD_FLUSH) {
      require(failed || isAllowed(request), "allowed", request);
      require(!failed || !isAllowed(request) || mayFail(request), "refused", request);
    }
    if (!failed) {
      apply(request);
    }
  }

  /** A simple reply; true if it is an error. */
  private boolean simple(SentRequest request, ByteBuffer replies) {
    int error = replies.getInt();
    require(replies.getLong() == request.cookie(), "another's reply", request);
    if (error == 0 && request.type() == NbdProtocol.CMD_READ) {
      require(!session.structured(), "a simple reply to a READ", request);
      compare(request, replies, request.position(), (int) request.length());
    }
    return error != 0;
  }

  /** The chunks of a structured reply; true if one is an error. */
  private boolean chunks(SentRequest request, ByteBuffer replies, int firstMagic) {
    require(session.structured(), "a chunk nobody asked for", request);
    int magic = firstMagic;
    long covered = 0;
    boolean failed = false;
    while (true) {
      require(magic == NbdProtocol.STRUCTURED_REPLY_MAGIC, "no magic", request);
      int flags = replies.getShort();
      int type = replies.getShort() & 0xffff;
      require(replies.getLong() == request.cookie(), "another's chunk", request);
      int length = replies.getInt();
      int end = replies.position() + length;
      failed |= (type & ERROR) != 0;
      covered += chunk(request, replies, type, length);
      replies.position(end);
      if ((flags & NbdProtocol.REPLY_FLAG_DONE) != 0) {
        break;
      }
      require(request.type() == NbdProtocol.CMD_READ, "more than one chunk", request);
      magic = replies.getInt();
    }
    boolean isRead = request.type() == NbdProtocol.CMD_READ;
    require(failed || !isRead || covered == request.length(), "bytes are missing", request);
    return failed;
  }

  /** Looks at a chunk, and returns how many bytes of the device it tells. */
  private long chunk(SentRequest request, ByteBuffer replies, int type, int length) {
    return switch (type) {
      case NbdProtocol.REPLY_TYPE_OFFSET_DATA -> {
        compare(request, replies, replies.getLong(), length - 8);
        yield length - 8L;
      }
      case NbdProtocol.REPLY_TYPE_OFFSET_HOLE -> {
        long position = replies.getLong();
        int hole = replies.getInt();
        compare(request, ByteBuffer.allocate(hole), position, hole);
        yield hole;
      }
      case NbdProtocol.REPLY_TYPE_BLOCK_STATUS -> {
        require(length > 4 && (length - 4) % 8 == 0, "extents of " + length, request);
        yield 0;
      }
      default -> 0;
    };
  }

  private void compare(SentRequest request, ByteBuffer bytes, long position, int length) {
    require(
        position >= request.position()
            && position + length <= request.position() + request.length(),
        "bytes nobody asked for",
        request);
    require(bytes.remaining() >= length, "a reply that is too short", request);
    ByteBuffer expected = ByteBuffer.wrap(device, (int) position, length);
    require(bytes.slice(bytes.position(), length).equals(expected), "wrong data", request);
    bytes.position(bytes.position() + length);
  }

  private boolean isAllowed(SentRequest request) {
    int allowedFlags =
        NbdProtocol.CMD_FLAG_FUA
            | switch (request.type()) {
              case NbdProtocol.CMD_READ -> session.structured() ? NbdProtocol.CMD_FLAG_DF : 0;
              case NbdProtocol.CMD_WRITE_ZEROES ->
                  NbdProtocol.CMD_FLAG_NO_HOLE | NbdProtocol.CMD_FLAG_FAST_ZERO;
              case NbdProtocol.CMD_BLOCK_STATUS -> NbdProtocol.CMD_FLAG_REQ_ONE;
              default -> 0;
            };
    boolean inside =
        request.position() >= 0 && request.position() + request.length() <= RamStore.BYTES;
    return (request.flags() & ~allowedFlags) == 0
        && switch (request.type()) {
          case NbdProtocol.CMD_READ, NbdProtocol.CMD_CACHE -> inside;
          case NbdProtocol.CMD_WRITE, NbdProtocol.CMD_TRIM, NbdProtocol.CMD_WRITE_ZEROES ->
              inside && !readOnly;
          case NbdProtocol.CMD_FLUSH -> request.position() == 0 && request.length() == 0;
          case NbdProtocol.CMD_BLOCK_STATUS -> inside && session.blockStatus();
          default -> false;
        };
  }

  /** Whether the protocol lets a server refuse what is right. */
  private static boolean mayFail(SentRequest request) {
    return switch (request.type()) {
      case NbdProtocol.CMD_READ -> (request.flags() & NbdProtocol.CMD_FLAG_DF) != 0;
      case NbdProtocol.CMD_WRITE_ZEROES -> (request.flags() & NbdProtocol.CMD_FLAG_FAST_ZERO) != 0;
      default -> false;
    };
  }

  private void apply(SentRequest request) {
    if (request.length() == 0) {
      return;
    }
    int from = (int) request.position();
    int to = (int) (request.position() + request.length());
    switch (request.type()) {
      case NbdProtocol.CMD_WRITE -> System.arraycopy(payload(request), 0, device, from, to - from);
      case NbdProtocol.CMD_WRITE_ZEROES -> Arrays.fill(device, from, to, (byte) 0);
      case NbdProtocol.CMD_TRIM -> {
        // Whole pages of it; the rest stays.
        int first = Math.ceilDiv(from, PAGE) * PAGE;
        int end = to / PAGE * PAGE;
        Arrays.fill(device, Math.min(first, end), end, (byte) 0);
      }
      default -> {}
    }
  }

  private static void require(boolean holds, String otherwise, SentRequest request) {
    if (!holds) {
      String about =
          request == null
              ? ""
              : ": request %d, type %d, flags %x, %d bytes at %d"
                  .formatted(
                      request.cookie(),
                      request.type(),
                      request.flags(),
                      request.length(),
                      request.position());
      throw new AssertionError(otherwise + about);
    }
  }
}
