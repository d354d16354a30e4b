package io.zublk.uring.sys;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.BitSet;

/**
 * What a thread may say about itself to the scheduler and to memory management.
 *
 * <p>Everything here is about the calling thread, which must be a platform thread: a virtual one
 * would change its carrier.
 */
public final class Tasks {

  // CONFIG_NR_CPUS is at most 8192; a mask shorter than the kernel's is EINVAL.
  private static final int MAX_CPUS = 8192;
  private static final int MASK_BYTES = MAX_CPUS / Byte.SIZE;

  private static final int PR_SET_IO_FLUSHER = 57;

  private static final MethodHandle GETTID = Native.function("gettid", Native.intOf());
  private static final MethodHandle GETAFFINITY =
      Native.function("sched_getaffinity", Native.intOf(JAVA_INT, JAVA_LONG, ADDRESS));
  private static final MethodHandle SETAFFINITY =
      Native.function("sched_setaffinity", Native.intOf(JAVA_INT, JAVA_LONG, ADDRESS));
  private static final MethodHandle PRCTL =
      Native.variadic(
          "prctl", 1, Native.intOf(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

  private Tasks() {}

  /** The kernel's number of this thread. */
  public static int id() {
    MemorySegment errno = Native.errno();
    try {
      return (int) GETTID.invokeExact(errno);
    } catch (Throwable t) {
      throw Native.rethrown(t);
    }
  }

  /** The CPUs that this thread may run on. */
  public static BitSet affinity() throws LinuxException {
    MemorySegment errno = Native.errno();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
      int returned = (int) GETAFFINITY.invokeExact(errno, 0, (long) MASK_BYTES, mask);
      Native.check("sched_getaffinity", Native.result(returned, errno));
      return BitSet.valueOf(mask.toArray(JAVA_LONG));
    } catch (Throwable t) {
      throw Native.rethrown(t);
    }
  }

  /** Confines this thread to the given CPUs; those that do not exist are ignored. */
  public static void setAffinity(BitSet cpus) throws LinuxException {
    if (cpus.length() > MAX_CPUS) {
      throw new IllegalArgumentException("CPU " + (cpus.length() - 1) + " is beyond " + MAX_CPUS);
    }
    MemorySegment errno = Native.errno();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
      long[] words = cpus.toLongArray();
      MemorySegment.copy(words, 0, mask, JAVA_LONG, 0, words.length);
      int returned = (int) SETAFFINITY.invokeExact(errno, 0, (long) MASK_BYTES, mask);
      Native.check("sched_setaffinity to CPUs " + cpus, Native.result(returned, errno));
    } catch (Throwable t) {
      throw Native.rethrown(t);
    }
  }

  /**
   * Marks this thread as one that memory reclaim may wait for, so that its own allocations do not
   * start I/O and deadlock with it (5.6). Threads started later by this one inherit it. Needs
   * CAP_SYS_RESOURCE.
   */
  public static void setIoFlusher(boolean flusher) throws LinuxException {
    prctl("prctl(PR_SET_IO_FLUSHER)", PR_SET_IO_FLUSHER, flusher ? 1 : 0);
  }

  private static void prctl(String call, int option, long argument) throws LinuxException {
    MemorySegment errno = Native.errno();
    try {
      int returned = (int) PRCTL.invokeExact(errno, option, argument, 0L, 0L, 0L);
      Native.check(call, Native.result(returned, errno));
    } catch (Throwable t) {
      throw Native.rethrown(t);
    }
  }
}
