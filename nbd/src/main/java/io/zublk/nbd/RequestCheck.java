package io.zublk.nbd;

import io.zublk.block.Errno;
import io.zublk.block.Geometry;

/** Decides whether a request may be served ("Request types", "Command flags", "Error values"). */
final class RequestCheck {

  private RequestCheck() {}

  /** Returns 0, or the error value with which the request must be answered. */
  static int check(Request request, Session session, Geometry geometry, boolean readOnly) {
    if ((request.flags & ~allowedFlags(request.type, session)) != 0) {
      return Errno.EINVAL;
    }
    if (readOnly && changes(request.type)) {
      return Errno.EPERM;
    }
    return switch (request.type) {
      case NbdProtocol.CMD_READ -> checkRead(request, geometry);
      case NbdProtocol.CMD_WRITE ->
          request.length > NbdProtocol.MAX_PAYLOAD_BYTES
              ? Errno.EINVAL
              : inside(request, geometry, Errno.ENOSPC);
      case NbdProtocol.CMD_WRITE_ZEROES -> inside(request, geometry, Errno.ENOSPC);
      case NbdProtocol.CMD_TRIM, NbdProtocol.CMD_CACHE -> inside(request, geometry, Errno.EINVAL);
      case NbdProtocol.CMD_FLUSH -> request.position == 0 && request.length == 0 ? 0 : Errno.EINVAL;
      case NbdProtocol.CMD_BLOCK_STATUS ->
          session.blockStatus() && request.length > 0
              ? inside(request, geometry, Errno.EINVAL)
              : Errno.EINVAL;
      default -> Errno.EINVAL;
    };
  }

  private static int checkRead(Request request, Geometry geometry) {
    if (request.length > NbdProtocol.MAX_PAYLOAD_BYTES) {
      return Errno.EINVAL;
    }
    if (request.has(NbdProtocol.CMD_FLAG_DF) && request.length > ReplyBuffer.PAYLOAD_BYTES) {
      return NbdProtocol.EOVERFLOW;
    }
    return inside(request, geometry, Errno.EINVAL);
  }

  private static int inside(Request request, Geometry geometry, int error) {
    return geometry.contains(request.position, request.length) ? 0 : error;
  }

  private static boolean changes(int type) {
    return type == NbdProtocol.CMD_WRITE
        || type == NbdProtocol.CMD_TRIM
        || type == NbdProtocol.CMD_WRITE_ZEROES;
  }

  /** FUA is valid on every command once it is offered, the document says. */
  private static int allowedFlags(int type, Session session) {
    int own =
        switch (type) {
          case NbdProtocol.CMD_READ -> session.structured() ? NbdProtocol.CMD_FLAG_DF : 0;
          case NbdProtocol.CMD_WRITE_ZEROES ->
              NbdProtocol.CMD_FLAG_NO_HOLE | NbdProtocol.CMD_FLAG_FAST_ZERO;
          case NbdProtocol.CMD_BLOCK_STATUS -> NbdProtocol.CMD_FLAG_REQ_ONE;
          default -> 0;
        };
    return own | NbdProtocol.CMD_FLAG_FUA;
  }
}
