package io.zublk.uring.sys;

/**
 * A full memory barrier in all threads of this process at once, membarrier(2). Of two threads that
 * each write one thing and then read what the other wrote, the rare one pays here for both; the
 * frequent one needs no more than that its compiler keeps the order.
 *
 * <p>Constants are include/uapi/linux/membarrier.h.
 */
public final class ProcessBarrier {

  private static final int CMD_QUERY = 0;
  private static final int CMD_PRIVATE_EXPEDITED = 1 << 3;
  private static final int CMD_REGISTER_PRIVATE_EXPEDITED = 1 << 4;

  private ProcessBarrier() {}

  /** Whether the kernel has it (4.14) and lets this process use it, which some sandboxes do not. */
  public static boolean isAvailable() {
    int wanted = CMD_PRIVATE_EXPEDITED | CMD_REGISTER_PRIVATE_EXPEDITED;
    long commands = call(CMD_QUERY);
    return commands >= 0 && (commands & wanted) == wanted;
  }

  /**
   * Returns after every other thread has had a full barrier since the call. It costs some
   * microseconds; the first time some ten milliseconds, as the process then says that it will.
   */
  public static void await() throws LinuxException {
    Syscall.check("membarrier, registration", call(CMD_REGISTER_PRIVATE_EXPEDITED));
    Syscall.check("membarrier", call(CMD_PRIVATE_EXPEDITED));
  }

  private static long call(int command) {
    return Syscall.call(Syscall.MEMBARRIER, command, 0);
  }
}
