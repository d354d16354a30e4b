package io.zublk.uring.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;

/**
 * The one downcall: a system call by its number.
 *
 * <p>One and not a function of the C library each, because binding a function takes a JVM
 * milliseconds and this binding serves all. Numbers: arch/x86/entry/syscalls/syscall_64.tbl and
 * include/uapi/asm-generic/unistd.h.
 */
public final class Syscall {

  private static final boolean X86_64 = isX86();

  public static final int IO_URING_SETUP = 425;
  public static final int IO_URING_ENTER = 426;
  public static final int IO_URING_REGISTER = 427;

  static final int WRITE = number(1, 64);
  static final int CLOSE = number(3, 57);
  static final int MMAP = number(9, 222);
  static final int MUNMAP = number(11, 215);
  static final int IOCTL = number(16, 29);
  static final int PREAD64 = number(17, 67);
  static final int PWRITE64 = number(18, 68);
  static final int MSYNC = number(26, 227);
  static final int MADVISE = number(28, 233);
  static final int SOCKET = number(41, 198);
  static final int CONNECT = number(42, 203);
  static final int SENDTO = number(44, 206);
  static final int RECVFROM = number(45, 207);
  static final int SENDMSG = number(46, 211);
  static final int RECVMSG = number(47, 212);
  static final int SHUTDOWN = number(48, 210);
  static final int BIND = number(49, 200);
  static final int LISTEN = number(50, 201);
  static final int GETSOCKNAME = number(51, 204);
  static final int GETPEERNAME = number(52, 205);
  static final int SOCKETPAIR = number(53, 199);
  static final int SETSOCKOPT = number(54, 208);
  static final int GETSOCKOPT = number(55, 209);
  static final int EXECVE = number(59, 221);
  static final int KILL = number(62, 129);
  static final int FCNTL = number(72, 25);
  static final int FLOCK = number(73, 32);
  static final int FTRUNCATE = number(77, 46);
  static final int FCHMOD = number(91, 52);
  static final int UMASK = number(95, 166);
  static final int SETSID = number(112, 157);
  static final int STATFS = number(137, 43);
  static final int MLOCK = number(149, 228);
  static final int MUNLOCK = number(150, 229);
  static final int MLOCKALL = number(151, 230);
  static final int PRCTL = number(157, 167);
  static final int MOUNT = number(165, 40);
  static final int UMOUNT2 = number(166, 39);
  static final int GETTID = number(186, 178);
  static final int SCHED_SETAFFINITY = number(203, 122);
  static final int SCHED_GETAFFINITY = number(204, 123);
  static final int CLOCK_GETTIME = number(228, 113);
  static final int EXIT_GROUP = number(231, 94);
  static final int MBIND = number(237, 235);
  static final int SET_MEMPOLICY = number(238, 237);
  static final int OPENAT = number(257, 56);
  static final int PPOLL = number(271, 73);
  static final int FALLOCATE = number(285, 47);
  static final int ACCEPT4 = number(288, 242);
  static final int EVENTFD2 = number(290, 19);
  static final int DUP3 = number(292, 24);
  static final int MEMFD_CREATE = number(319, 279);
  static final int MEMBARRIER = number(324, 283);
  static final int PREADV2 = number(327, 286);
  static final int STATX = number(332, 291);
  static final int PIDFD_OPEN = number(434, 434);

  private static final StructLayout CAPTURED = Linker.Option.captureStateLayout();
  private static final long ERRNO_OFFSET =
      CAPTURED.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

  // A thread's segment lives as long as the thread, so it is made at a thread's first call only.
  private static final ThreadLocal<MemorySegment> ERRNO =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURED));

  private static final MethodHandle SYSCALL =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("syscall"),
              FunctionDescriptor.of(
                  JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                  JAVA_LONG),
              Linker.Option.captureCallState("errno"),
              Linker.Option.firstVariadicArg(1));

  private Syscall() {}

  /**
   * Calls the kernel; arguments that the call does not have are ignored. Allocates nothing once it
   * is compiled by C2; before, the JDK looks at the segment for errno by an object of 40 bytes.
   *
   * @return the result, or a negative errno
   */
  public static long call(
      int number, long first, long second, long third, long fourth, long fifth, long sixth) {
    MemorySegment captured = ERRNO.get();
    try {
      long result =
          (long)
              SYSCALL.invokeExact(
                  captured, (long) number, first, second, third, fourth, fifth, sixth);
      return result != -1 ? result : -captured.get(JAVA_INT, ERRNO_OFFSET);
    } catch (Throwable t) {
      throw new AssertionError("a downcall threw", t);
    }
  }

  static long call(int number, long first, long second, long third, long fourth) {
    return call(number, first, second, third, fourth, 0, 0);
  }

  static long call(int number, long first, long second) {
    return call(number, first, second, 0, 0, 0, 0);
  }

  /**
   * Returns a result that is not negative.
   *
   * @param call what to say was tried, if it is
   */
  public static long check(String call, long result) throws LinuxException {
    if (result < 0) {
      throw new LinuxException(call, (int) -result);
    }
    return result;
  }

  private static int number(int x86, int generic) {
    return X86_64 ? x86 : generic;
  }

  private static boolean isX86() {
    String machine = System.getProperty("os.arch");
    return switch (machine) {
      case "amd64", "x86_64" -> true;
      case "aarch64" -> false;
      default ->
          throw new UnsupportedOperationException(
              "no system call numbers for " + machine + "; x86-64 and aarch64 are supported");
    };
  }
}
