package io.zublk.vhost.protocol;

/**
 * The numbers of the vhost-user protocol (QEMU's docs/interop/vhost-user.rst) and of virtio's
 * features (virtio 1.2, 6).
 */
final class VhostUser {

  static final int GET_FEATURES = 1;
  static final int SET_FEATURES = 2;
  static final int SET_OWNER = 3;
  static final int RESET_OWNER = 4;
  static final int SET_MEM_TABLE = 5;
  static final int SET_VRING_NUM = 8;
  static final int SET_VRING_ADDR = 9;
  static final int SET_VRING_BASE = 10;
  static final int GET_VRING_BASE = 11;
  static final int SET_VRING_KICK = 12;
  static final int SET_VRING_CALL = 13;
  static final int SET_VRING_ERR = 14;
  static final int GET_PROTOCOL_FEATURES = 15;
  static final int SET_PROTOCOL_FEATURES = 16;
  static final int GET_QUEUE_NUM = 17;
  static final int SET_VRING_ENABLE = 18;
  static final int SET_BACKEND_REQ_FD = 21;
  static final int GET_CONFIG = 24;
  static final int SET_CONFIG = 25;
  static final int GET_INFLIGHT_FD = 31;
  static final int SET_INFLIGHT_FD = 32;
  static final int GET_MAX_MEM_SLOTS = 36;
  static final int ADD_MEM_REG = 37;
  static final int REM_MEM_REG = 38;

  static final int HEADER_BYTES = 12;
  static final int FLAGS_AT = 4;
  static final int SIZE_AT = 8;
  static final int VERSION = 1;
  static final int VERSION_MASK = 3;
  static final int REPLY = 4;
  static final int NEED_REPLY = 8;

  /** More than any message that is legal here has; the longest is a configuration of 256 bytes. */
  static final int MAX_PAYLOAD_BYTES = 4096;

  /** As many as a table of memory has regions. */
  static final int MAX_FILES = 8;

  /** In the argument of KICK, CALL and ERR: the queue, and whether no descriptor comes with it. */
  static final int QUEUE_MASK = 0xff;

  static final int NO_FILE = 1 << 8;

  static final int REGION_BYTES = 32;

  static final long F_INDIRECT_DESC = 1L << 28;
  static final long F_EVENT_IDX = 1L << 29;
  static final long F_PROTOCOL_FEATURES = 1L << 30;
  static final long F_VERSION_1 = 1L << 32;

  /** Each ring is served in its order, by one thread, which does one request after the other. */
  static final long F_IN_ORDER = 1L << 35;

  static final long P_MQ = 1;
  static final long P_REPLY_ACK = 1L << 3;
  static final long P_BACKEND_REQ = 1L << 5;
  static final long P_CONFIG = 1L << 9;
  static final long P_INFLIGHT_SHMFD = 1L << 12;
  static final long P_CONFIGURE_MEM_SLOTS = 1L << 15;

  private VhostUser() {}
}
