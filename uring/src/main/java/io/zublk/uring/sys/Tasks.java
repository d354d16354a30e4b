package io.zublk.uring.sys;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/**
 * What a thread may say about itself to the scheduler and to memory management.
 *
 * <p>Unless another is named, everything here is about the calling thread, which must be a platform
 * thread: a virtual one would change its carrier.
 */
public final class Tasks {

  // CONFIG_NR_CPUS is at most 8192; a mask shorter than the kernel's is EINVAL.
  private static final int MAX_CPUS = 8192;
  private static final int MASK_BYTES = MAX_CPUS / Byte.SIZE;

  private static final int THIS_THREAD = 0;
  private static final int PR_SET_IO_FLUSHER = 57;
  private static final int PR_GET_IO_FLUSHER = 58;

  private Tasks() {}

  /** The kernel's number of this thread. */
  public static int id() {
    return (int) Syscall.call(Syscall.GETTID, 0, 0);
  }

  /** The CPUs that this thread may run on. */
  public static BitSet affinity() throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
      long result =
          Syscall.call(Syscall.SCHED_GETAFFINITY, THIS_THREAD, MASK_BYTES, mask.address(), 0);
      Syscall.check("sched_getaffinity", result);
      return BitSet.valueOf(mask.toArray(JAVA_LONG));
    }
  }

  /** Confines this thread to the given CPUs; those that do not exist are ignored. */
  public static void setAffinity(BitSet cpus) throws LinuxException {
    setAffinity(THIS_THREAD, cpus);
  }

  /** Confines a thread, by the kernel's number of it, to the given CPUs. */
  public static void setAffinity(int thread, BitSet cpus) throws LinuxException {
    if (cpus.length() > MAX_CPUS) {
      throw new IllegalArgumentException("CPU " + (cpus.length() - 1) + " is beyond " + MAX_CPUS);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
      long[] words = cpus.toLongArray();
      MemorySegment.copy(words, 0, mask, JAVA_LONG, 0, words.length);
      long result = Syscall.call(Syscall.SCHED_SETAFFINITY, thread, MASK_BYTES, mask.address(), 0);
      Syscall.check("sched_setaffinity to CPUs " + cpus, result);
    }
  }

  /**
   * Marks this thread as one that memory reclaim may wait for, so that its own allocations do not
   * start I/O and deadlock with it (5.6). Threads started later by this one inherit it. Needs
   * CAP_SYS_RESOURCE.
   */
  public static void setIoFlusher(boolean flusher) throws LinuxException {
    long result = Syscall.call(Syscall.PRCTL, PR_SET_IO_FLUSHER, flusher ? 1 : 0);
    Syscall.check("prctl(PR_SET_IO_FLUSHER)", result);
  }

  /** Whether it is one; needs CAP_SYS_RESOURCE as well. */
  public static boolean isIoFlusher() throws LinuxException {
    long result = Syscall.call(Syscall.PRCTL, PR_GET_IO_FLUSHER, 0);
    return Syscall.check("prctl(PR_GET_IO_FLUSHER)", result) != 0;
  }
}
