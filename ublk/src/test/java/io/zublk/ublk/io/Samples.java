package io.zublk.ublk.io;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.zublk.block.BlockDevice;
import io.zublk.block.Polling;
import io.zublk.ublk.UblkDeviceInfo;
import io.zublk.ublk.UblkState;
import io.zublk.ublk.abi.UblkAbi;
import io.zublk.uring.Ring;
import io.zublk.uring.Sqe;
import io.zublk.uring.SubmissionQueue;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxFile;
import io.zublk.uring.sys.Memory;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Set;

/** Devices without a driver. */
public final class Samples {

  static final int DEPTH = 4;
  static final int MAX_IO_BYTES = 64 << 10;

  // struct io_uring_sqe: len@24 nop_flags@28; IORING_NOP_INJECT_RESULT (Linux 6.10).
  private static final int NOP_LENGTH = 24;
  private static final long INJECT_RESULT = 1L << 32;

  private Samples() {}

  /** Device 7, not yet started. */
  public static UblkDeviceInfo info() {
    return info(MAX_IO_BYTES);
  }

  static UblkDeviceInfo info(int maxIoBytes) {
    return new UblkDeviceInfo(7, 1, DEPTH, maxIoBytes, UblkState.DEAD, 1, Set.of(), 0);
  }

  /** A queue's memory, with descriptors that can be written. */
  static QueueMemory memory() throws LinuxException {
    return memory(MAX_IO_BYTES);
  }

  static QueueMemory memory(int maxIoBytes) throws LinuxException {
    return new QueueMemory(
        info(maxIoBytes),
        Memory.mapAnonymous(UblkAbi.descriptorsLength(DEPTH, Memory.pageBytes())),
        Memory.mapAnonymous((long) DEPTH * maxIoBytes));
  }

  /**
   * Queues that /dev/null sends requests to: it takes every command and completes it at once, so
   * that each tag brings the request in its descriptor again and again.
   */
  static Queues endlessQueues(BlockDevice device) throws LinuxException {
    return new Queues(info(), device, LinuxFile.open(Path.of("/dev/null"), LinuxFile.O_RDWR, 0));
  }

  /** As these, with queues of one thread each, all of whose tags bring reads; all serve. */
  public static Queues servingQueues(BlockDevice device, int count) throws Exception {
    Queues queues = endlessQueues(device);
    for (int queue = 0; queue < count; queue++) {
      addQueue(queues, BitSet.valueOf(new long[] {-1L}));
    }
    queues.start();
    return queues;
  }

  static void addQueue(Queues queues, BitSet cpus) throws LinuxException {
    QueueMemory memory = memory();
    for (int tag = 0; tag < DEPTH; tag++) {
      request(memory, tag, UblkAbi.OP_READ, 0, 4096);
    }
    queues.add(memory, List.of(cpus), Polling.OFF);
  }

  /** Whether the driver's end of the device is still open. */
  public static boolean isOpen(Queues queues) {
    try {
      return queues.charDevice().fd() >= 0;
    } catch (IllegalStateException e) {
      return false;
    }
  }

  /** Puts a request into a tag, as the driver does. */
  static void request(QueueMemory memory, int tag, int opFlags, long position, long length) {
    long at = (long) tag * UblkAbi.DESCRIPTOR_BYTES;
    memory.descriptors().set(JAVA_INT, at + UblkAbi.DESCRIPTOR_OP_FLAGS, opFlags);
    memory.descriptors().set(JAVA_INT, at + UblkAbi.DESCRIPTOR_SECTORS, (int) (length >> 9));
    memory.descriptors().set(JAVA_LONG, at + UblkAbi.DESCRIPTOR_START_SECTOR, position >> 9);
  }

  /** Has a command complete as a driver would have it; it is the only completion then. */
  static void complete(Ring ring, long userData, int result) {
    ring.completions().advance(ring.completions().ready());
    SubmissionQueue submissions = ring.submissions();
    submissions.retract();
    long at = submissions.next();
    Sqe.nop(submissions.memory(), at, userData);
    long injected = Integer.toUnsignedLong(result) | INJECT_RESULT;
    submissions.memory().set(JAVA_LONG, at + NOP_LENGTH, injected);
    if (ring.submitAndWait(1) != 1 || ring.completions().result(0) != result) {
      throw new AssertionError("needs a kernel whose NOPs have results");
    }
  }
}
