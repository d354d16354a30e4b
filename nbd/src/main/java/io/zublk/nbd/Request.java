package io.zublk.nbd;

import java.nio.ByteBuffer;

/** One request of a client, from its header to its reply. Used again for later requests. */
final class Request {

  /** What the client sent ("Request message"). The length is unsigned, hence a long. */
  int flags;

  int type;
  long cookie;
  long position;
  long length;

  /** Parts that some thread still works on; guarded by the connection's {@link ReplyWriter}. */
  int pieces;

  /** The first error of any part, 0 if none; guarded like {@link #pieces}. */
  int error;

  /** Takes over a request message whose magic was checked. */
  void decode(ByteBuffer bytes, int offset) {
    flags = bytes.getShort(offset + 4) & 0xffff;
    type = bytes.getShort(offset + 6) & 0xffff;
    cookie = bytes.getLong(offset + 8);
    position = bytes.getLong(offset + 16);
    length = bytes.getInt(offset + 24) & 0xffff_ffffL;
    error = 0;
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }
}
