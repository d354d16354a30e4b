package io.zublk.uring;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/**
 * Writes submission entries in place. Each method writes all 64 bytes of the entry, as eight words,
 * so that nothing of the entry's last use is left.
 *
 * <p>Layout of {@code struct io_uring_sqe}, little-endian: opcode@0:1 flags@1:1 ioprio@2:2 fd@4:4
 * off@8:8 addr@16:8 len@24:4 operation flags@28:4 user_data@32:8 buf_index@40:2 personality@42:2
 * file_index@44:4 cmd@48.
 */
public final class Sqe {

  /** {@code flags}: the descriptor is an index into {@link Ring#registerFiles}. */
  public static final int FIXED_FILE = 1;

  /** {@code flags}: the kernel takes the buffer from a {@link BufferRing}. */
  public static final int BUFFER_SELECT = 1 << 5;

  /** Where a command's payload starts; it has 16 bytes, in a wide entry 80. */
  public static final int COMMAND_OFFSET = 48;

  private static final int IORING_OP_NOP = 0;
  private static final int IORING_OP_READ = 22;
  private static final int IORING_OP_WRITE = 23;
  private static final int IORING_OP_URING_CMD = 46;
  private static final int IORING_OP_READ_MULTISHOT = 49;
  private static final long IORING_URING_CMD_MULTISHOT = 1 << 1;

  private static final int LENGTH_OFFSET = 24;
  private static final int GROUP_OFFSET = 40;

  private Sqe() {}

  /** Does nothing and completes with 0. */
  public static void nop(MemorySegment sqes, long at, long userData) {
    fill(sqes, at, IORING_OP_NOP, 0, -1, 0, 0, 0, userData);
  }

  /** Reads a file at a position; completes with the bytes read. */
  public static void read(
      MemorySegment sqes,
      long at,
      int flags,
      int fd,
      long position,
      long address,
      int length,
      long userData) {
    fill(sqes, at, IORING_OP_READ, flags, fd, position, address, length, userData);
  }

  /** Writes a file at a position; completes with the bytes written. */
  public static void write(
      MemorySegment sqes,
      long at,
      int flags,
      int fd,
      long position,
      long address,
      int length,
      long userData) {
    fill(sqes, at, IORING_OP_WRITE, flags, fd, position, address, length, userData);
  }

  /**
   * Sends a driver a command with a payload of two words.
   *
   * @param operation the driver's number of the command
   */
  public static void command(
      MemorySegment sqes,
      long at,
      int flags,
      int fd,
      int operation,
      long firstWord,
      long secondWord,
      long userData) {
    long operationWord = Integer.toUnsignedLong(operation);
    fill(sqes, at, IORING_OP_URING_CMD, flags, fd, operationWord, 0, 0, userData);
    sqes.set(JAVA_LONG, at + COMMAND_OFFSET, firstWord);
    sqes.set(JAVA_LONG, at + COMMAND_OFFSET + 8, secondWord);
  }

  /**
   * Sends a driver a command that names memory, with a payload of one word.
   *
   * @param operation the driver's number of the command
   */
  public static void command(
      MemorySegment sqes,
      long at,
      int flags,
      int fd,
      int operation,
      long address,
      int length,
      long word,
      long userData) {
    long operationWord = Integer.toUnsignedLong(operation);
    fill(sqes, at, IORING_OP_URING_CMD, flags, fd, operationWord, address, length, userData);
    sqes.set(JAVA_LONG, at + COMMAND_OFFSET, word);
  }

  /**
   * Sends a driver a command with a payload of one word, which completes again and again, each time
   * with a buffer of a group (6.18). {@link CompletionQueue#more} says whether it will once more.
   *
   * @param flags {@link #BUFFER_SELECT} need not be among them
   * @param operation the driver's number of the command
   */
  public static void commandMultishot(
      MemorySegment sqes,
      long at,
      int flags,
      int fd,
      int operation,
      int group,
      long word,
      long userData) {
    long operationWord = Integer.toUnsignedLong(operation);
    int selecting = flags | BUFFER_SELECT;
    fill(sqes, at, IORING_OP_URING_CMD, selecting, fd, operationWord, 0, 0, userData);
    sqes.set(JAVA_LONG, at + LENGTH_OFFSET, IORING_URING_CMD_MULTISHOT << 32);
    sqes.set(JAVA_LONG, at + GROUP_OFFSET, group);
    sqes.set(JAVA_LONG, at + COMMAND_OFFSET, word);
  }

  /**
   * Reads a pipe or socket whenever it has something, each time into a buffer of a group (6.7).
   * Completes with the bytes read; {@link CompletionQueue#more} says whether it will once more.
   */
  public static void readMultishot(
      MemorySegment sqes, long at, int flags, int fd, int group, long userData) {
    fill(sqes, at, IORING_OP_READ_MULTISHOT, flags | BUFFER_SELECT, fd, -1, 0, 0, userData);
    sqes.set(JAVA_LONG, at + GROUP_OFFSET, group);
  }

  private static void fill(
      MemorySegment sqes,
      long at,
      int opcode,
      int flags,
      int fd,
      long offset,
      long address,
      int length,
      long userData) {
    sqes.set(JAVA_LONG, at, opcode | flags << 8 | (long) fd << 32);
    sqes.set(JAVA_LONG, at + 8, offset);
    sqes.set(JAVA_LONG, at + 16, address);
    sqes.set(JAVA_LONG, at + 24, Integer.toUnsignedLong(length));
    sqes.set(JAVA_LONG, at + 32, userData);
    sqes.set(JAVA_LONG, at + 40, 0);
    sqes.set(JAVA_LONG, at + 48, 0);
    sqes.set(JAVA_LONG, at + 56, 0);
  }
}
