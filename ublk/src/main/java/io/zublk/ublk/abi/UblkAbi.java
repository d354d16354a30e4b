package io.zublk.ublk.abi;

/**
 * Numbers of the ublk interface: include/uapi/linux/ublk_cmd.h. Structures are little-endian and
 * laid out alike on x86-64 and aarch64.
 */
public final class UblkAbi {

  // Control commands, with struct ublksrv_ctrl_cmd as their payload.
  private static final int CTRL_CMD_BYTES = 32;
  public static final int GET_QUEUE_AFFINITY = read(0x01, CTRL_CMD_BYTES);
  public static final int ADD_DEV = readWrite(0x04, CTRL_CMD_BYTES);
  public static final int DEL_DEV = readWrite(0x05, CTRL_CMD_BYTES);
  public static final int START_DEV = readWrite(0x06, CTRL_CMD_BYTES);
  public static final int STOP_DEV = readWrite(0x07, CTRL_CMD_BYTES);
  public static final int SET_PARAMS = readWrite(0x08, CTRL_CMD_BYTES);
  public static final int GET_PARAMS = read(0x09, CTRL_CMD_BYTES);
  public static final int START_USER_RECOVERY = readWrite(0x10, CTRL_CMD_BYTES);
  public static final int END_USER_RECOVERY = readWrite(0x11, CTRL_CMD_BYTES);
  public static final int UPDATE_SIZE = readWrite(0x15, CTRL_CMD_BYTES);
  public static final int QUIESCE_DEV = readWrite(0x16, CTRL_CMD_BYTES);
  public static final int GET_DEV_INFO = read(0x02, CTRL_CMD_BYTES);
  public static final int GET_FEATURES = read(0x13, CTRL_CMD_BYTES);

  /** {@code ublksrv_ctrl_cmd.queue_id} of a command that is not about a queue. */
  public static final int NO_QUEUE = 0xffff;

  // struct ublksrv_ctrl_dev_info.
  public static final int INFO_BYTES = 64;
  public static final int INFO_QUEUES = 0;
  public static final int INFO_DEPTH = 2;
  public static final int INFO_STATE = 4;
  public static final int INFO_MAX_IO_BYTES = 8;
  public static final int INFO_ID = 12;
  public static final int INFO_SERVER_PID = 16;
  public static final int INFO_FLAGS = 24;
  public static final int INFO_COOKIE = 32;

  // struct ublk_params, up to and with its discard part; the kernel accepts any length.
  public static final int PARAMS_BYTES = 60;
  public static final int PARAMS_LENGTH = 0;
  public static final int PARAMS_TYPES = 4;
  public static final int TYPE_BASIC = 1;
  public static final int TYPE_DISCARD = 1 << 1;
  public static final int BASIC_ATTRIBUTES = 8;
  public static final int ATTRIBUTE_READ_ONLY = 1;
  public static final int ATTRIBUTE_VOLATILE_CACHE = 1 << 2;
  public static final int ATTRIBUTE_FUA = 1 << 3;
  public static final int BASIC_LOGICAL_SHIFT = 12;
  public static final int BASIC_PHYSICAL_SHIFT = 13;
  public static final int BASIC_OPTIMAL_SHIFT = 14;
  public static final int BASIC_MINIMUM_SHIFT = 15;
  public static final int BASIC_MAX_SECTORS = 16;
  public static final int BASIC_DEVICE_SECTORS = 24;
  public static final int DISCARD_GRANULARITY = 44;
  public static final int DISCARD_MAX_SECTORS = 48;
  public static final int DISCARD_MAX_ZEROES_SECTORS = 52;
  public static final int DISCARD_MAX_SEGMENTS = 56;

  // I/O commands, with struct ublksrv_io_cmd as their payload.
  private static final int IO_CMD_BYTES = 16;
  public static final int FETCH_REQ = readWrite(0x20, IO_CMD_BYTES);
  public static final int COMMIT_AND_FETCH_REQ = readWrite(0x21, IO_CMD_BYTES);

  /** How the driver ends a command when it stops the device: UBLK_IO_RES_ABORT. */
  public static final int RESULT_ABORTED = -19;

  // Commands for many tags, with struct ublk_batch_io as their payload.
  public static final int PREP_IO_CMDS = readWrite(0x25, IO_CMD_BYTES);
  public static final int COMMIT_IO_CMDS = readWrite(0x26, IO_CMD_BYTES);
  public static final int FETCH_IO_CMDS = readWrite(0x27, IO_CMD_BYTES);
  public static final int BATCH_HAS_ADDRESS = 2;

  /** struct ublk_elem_header, and behind it the address of the tag's buffer. */
  public static final int ELEMENT_BYTES = 16;

  // struct ublksrv_io_desc.
  public static final int DESCRIPTOR_BYTES = 24;
  public static final int DESCRIPTOR_OP_FLAGS = 0;
  public static final int DESCRIPTOR_SECTORS = 4;
  public static final int DESCRIPTOR_START_SECTOR = 8;
  public static final int OP_MASK = 0xff;
  public static final int OP_READ = 0;
  public static final int OP_WRITE = 1;
  public static final int OP_FLUSH = 2;
  public static final int OP_DISCARD = 3;
  public static final int OP_WRITE_ZEROES = 5;
  public static final int FLAG_FUA = 1 << 13;
  public static final int FLAG_NOUNMAP = 1 << 15;

  public static final int SECTOR_SHIFT = 9;
  public static final int MAX_DEPTH = 4096;
  public static final int MAX_QUEUES = 4096;
  public static final int MAX_IO_BYTES = 32 << 20;

  private static final int IOC_WRITE = 1;
  private static final int IOC_READ = 2;

  static {
    // What lies last ends where its structure does: a reserved word or two are ours to leave out.
    assert INFO_COOKIE + Long.BYTES <= INFO_BYTES;
    assert DISCARD_MAX_SEGMENTS + 2 * Short.BYTES == PARAMS_BYTES;
    assert DESCRIPTOR_START_SECTOR + 2 * Long.BYTES == DESCRIPTOR_BYTES;
    // Tags, queues and numbers of elements have 16 bits, lengths and results 31.
    assert MAX_DEPTH <= 1 << 16 && MAX_QUEUES <= NO_QUEUE;
    assert (long) MAX_DEPTH * ELEMENT_BYTES <= Integer.MAX_VALUE;
    assert MAX_IO_BYTES % (1 << SECTOR_SHIFT) == 0;
  }

  private UblkAbi() {}

  /** The first word of an I/O command: queue, tag, and result of the request just served. */
  public static long ioCommand(int queue, int tag, int result) {
    return queue | (long) tag << 16 | (long) result << 32;
  }

  /** The first word of a command for many tags; the second one is 0. */
  public static long batchCommand(int queue, int flags, int elements, int elementBytes) {
    return queue | (long) flags << 16 | (long) elements << 32 | (long) elementBytes << 48;
  }

  /** The first word of such a command's element. */
  public static long element(int tag, int result) {
    return tag | (long) result << 32;
  }

  /** Where a queue's descriptors start in the mapping: their distance is that of depth 4096. */
  public static long descriptorsOffset(int queue, int pageBytes) {
    return queue * roundUp((long) MAX_DEPTH * DESCRIPTOR_BYTES, pageBytes);
  }

  /** How much of the mapping a queue's descriptors take. */
  public static long descriptorsLength(int depth, int pageBytes) {
    return roundUp((long) depth * DESCRIPTOR_BYTES, pageBytes);
  }

  private static long roundUp(long value, long powerOfTwo) {
    return value + powerOfTwo - 1 & -powerOfTwo;
  }

  private static int read(int number, int bytes) {
    return command(IOC_READ, number, bytes);
  }

  private static int readWrite(int number, int bytes) {
    return command(IOC_READ | IOC_WRITE, number, bytes);
  }

  // include/uapi/asm-generic/ioctl.h
  private static int command(int direction, int number, int bytes) {
    return direction << 30 | bytes << 16 | 'u' << 8 | number;
  }
}
