package io.zublk.uring.sys;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * A system call by number, for those the C library has no function for.
 *
 * <p>Numbers: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
 */
public final class Syscall {

  /** Whether this is x86-64; otherwise it is aarch64, the only other machine supported. */
  private static final boolean X86_64 = isX86();

  public static final long IO_URING_SETUP = 425;
  public static final long IO_URING_ENTER = 426;
  public static final long IO_URING_REGISTER = 427;

  static final long MBIND = X86_64 ? 237 : 235;
  static final long SET_MEMPOLICY = X86_64 ? 238 : 237;

  private static final MethodHandle SYSCALL =
      Native.variadic(
          "syscall",
          1,
          Native.longOf(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

  private Syscall() {}

  /**
   * Calls the kernel; arguments it does not take are ignored. Allocates nothing.
   *
   * @return the result, or a negative errno
   */
  public static long call(
      long number, long first, long second, long third, long fourth, long fifth, long sixth) {
    MemorySegment errno = Native.errno();
    try {
      long result =
          (long) SYSCALL.invokeExact(errno, number, first, second, third, fourth, fifth, sixth);
      return Native.result(result, errno);
    } catch (Throwable t) {
      throw Native.rethrown(t);
    }
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
