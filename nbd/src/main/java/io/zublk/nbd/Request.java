package io.zublk.nbd;

import java.nio.ByteBuffer;

/** One request of a client, from its header to its reply. Used again for later requests. */
final class Request {

  /** Where the {@link ReplyWriter} counts the parts of this request. */
  final int slot;

  /** What the client sent ("Request message"). The length is unsigned, hence a long. */
  int flags;

  int type;
  long cookie;
  long position;
  long length;

  Request(int slot) {
    this.slot = slot;
  }

  /** Takes over a request message whose magic was checked. */
  void decode(ByteBuffer bytes, int offset) {
    flags = bytes.getShort(offset + 4) & 0xffff;
    type = bytes.getShort(offset + 6) & 0xffff;
    cookie = bytes.getLong(offset + 8);
    position = bytes.getLong(offset + 16);
    length = bytes.getInt(offset + 24) & 0xffff_ffffL;
  }

  /** Makes it what is left of it from {@code newPosition} on. */
  void cutTo(long newPosition, long left) {
    position = newPosition;
    length = left;
  }

  /** Adds the request message. */
  void encode(ByteBuffer bytes) {
    bytes.putInt(NbdProtocol.REQUEST_MAGIC).putShort((short) flags).putShort((short) type);
    bytes.putLong(cookie).putLong(position).putInt((int) length);
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }
}
