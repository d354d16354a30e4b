package io.zublk.nbd;

import io.zublk.block.Errno;

/**
 * The numbers of the NBD protocol, under its own names without the {@code NBD_} prefix.
 *
 * <p>Source: the protocol document, doc/proto.md of the NetworkBlockDevice/nbd repository. Each
 * group below names the section it comes from. All integers on the wire are big-endian.
 */
final class NbdProtocol {

  // "Newstyle negotiation": the greeting.
  static final long MAGIC = 0x4e42444d41474943L; // "NBDMAGIC"
  static final long OPTION_MAGIC = 0x49484156454f5054L; // "IHAVEOPT"
  static final long OPTION_REPLY_MAGIC = 0x0003e889045565a9L;

  // "Handshake flags", 16 bits, and "Client flags", 32 bits: the same two bits.
  static final int FLAG_FIXED_NEWSTYLE = 1;
  static final int FLAG_NO_ZEROES = 1 << 1;

  // "Transmission flags".
  static final int FLAG_HAS_FLAGS = 1;
  static final int FLAG_READ_ONLY = 1 << 1;
  static final int FLAG_SEND_FLUSH = 1 << 2;
  static final int FLAG_SEND_FUA = 1 << 3;
  static final int FLAG_SEND_TRIM = 1 << 5;
  static final int FLAG_SEND_WRITE_ZEROES = 1 << 6;
  static final int FLAG_SEND_DF = 1 << 7;
  static final int FLAG_CAN_MULTI_CONN = 1 << 8;
  static final int FLAG_SEND_CACHE = 1 << 10;
  static final int FLAG_SEND_FAST_ZERO = 1 << 11;

  // "Option types".
  static final int OPT_EXPORT_NAME = 1;
  static final int OPT_ABORT = 2;
  static final int OPT_LIST = 3;
  static final int OPT_STARTTLS = 5;
  static final int OPT_INFO = 6;
  static final int OPT_GO = 7;
  static final int OPT_STRUCTURED_REPLY = 8;
  static final int OPT_LIST_META_CONTEXT = 9;
  static final int OPT_SET_META_CONTEXT = 10;
  static final int OPT_EXTENDED_HEADERS = 11;

  // "Option reply types"; errors have the top bit set.
  static final int REP_ACK = 1;
  static final int REP_SERVER = 2;
  static final int REP_INFO = 3;
  static final int REP_META_CONTEXT = 4;
  static final int REP_ERR_UNSUP = 1 << 31 | 1;
  static final int REP_ERR_INVALID = 1 << 31 | 3;
  static final int REP_ERR_UNKNOWN = 1 << 31 | 6;

  // NBD_OPT_GO: information types.
  static final int INFO_EXPORT = 0;
  static final int INFO_NAME = 1;
  static final int INFO_DESCRIPTION = 2;
  static final int INFO_BLOCK_SIZE = 3;

  // "Request message", "Simple reply message", "Structured reply chunk message".
  static final int REQUEST_MAGIC = 0x25609513;
  static final int REQUEST_BYTES = 28;
  static final int SIMPLE_REPLY_MAGIC = 0x67446698;
  static final int SIMPLE_REPLY_BYTES = 16;
  static final int STRUCTURED_REPLY_MAGIC = 0x668e33ef;
  static final int CHUNK_HEADER_BYTES = 20;

  // "Structured reply flags" and "Structured reply types".
  static final int REPLY_FLAG_DONE = 1;
  static final int REPLY_TYPE_NONE = 0;
  static final int REPLY_TYPE_OFFSET_DATA = 1;
  static final int REPLY_TYPE_OFFSET_HOLE = 2;
  static final int REPLY_TYPE_BLOCK_STATUS = 5;
  static final int REPLY_TYPE_ERROR = 1 << 15 | 1;
  static final int REPLY_TYPE_ERROR_OFFSET = 1 << 15 | 2;

  // "Request types".
  static final int CMD_READ = 0;
  static final int CMD_WRITE = 1;
  static final int CMD_DISC = 2;
  static final int CMD_FLUSH = 3;
  static final int CMD_TRIM = 4;
  static final int CMD_CACHE = 5;
  static final int CMD_WRITE_ZEROES = 6;
  static final int CMD_BLOCK_STATUS = 7;

  // "Command flags".
  static final int CMD_FLAG_FUA = 1;
  static final int CMD_FLAG_NO_HOLE = 1 << 1;
  static final int CMD_FLAG_DF = 1 << 2;
  static final int CMD_FLAG_REQ_ONE = 1 << 3;
  static final int CMD_FLAG_FAST_ZERO = 1 << 4;

  // "Error values": those of Errno, under another name for one of them, and one more.
  static final int ENOTSUP = Errno.EOPNOTSUPP;
  static final int EOVERFLOW = 75;

  /** "Values": strings (names, descriptions, queries) are at most this long, in bytes. */
  static final int MAX_STRING_BYTES = 4096;

  /**
   * "Block size constraints": the payload a server must accept from, and may send to, a client that
   * did not ask, in bytes. It is also what this server advertises and enforces.
   */
  static final int MAX_PAYLOAD_BYTES = 32 << 20;

  /** "Metadata contexts": the one context the protocol defines. */
  static final String BASE_ALLOCATION = "base:allocation";

  /** The id this server gives {@link #BASE_ALLOCATION}; any number would do. */
  static final int BASE_ALLOCATION_ID = 1;

  static {
    assert MAX_PAYLOAD_BYTES % ReplyBuffer.PAYLOAD_BYTES == 0;
  }

  private NbdProtocol() {}

  /** The error value for a device's errno; what the protocol does not know becomes EIO. */
  static int errorOf(int errno) {
    return switch (errno) {
      case Errno.EPERM,
          Errno.EIO,
          Errno.ENOMEM,
          Errno.EINVAL,
          Errno.ENOSPC,
          Errno.ESHUTDOWN,
          EOVERFLOW,
          ENOTSUP ->
          errno;
      default -> Errno.EIO;
    };
  }
}
