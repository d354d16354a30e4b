package io.zublk.uring.sys;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Binds functions of the C library so that errno survives the way back to Java.
 *
 * <p>Every handle made here takes the calling thread's {@link #errno()} segment as its first
 * argument, and its result goes through {@link #result}.
 */
final class Native {

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout CAPTURED = Linker.Option.captureStateLayout();
  private static final long ERRNO_OFFSET =
      CAPTURED.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

  // A thread's segment lives as long as the thread, so a call allocates nothing after its first.
  private static final ThreadLocal<MemorySegment> ERRNO =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURED));

  private Native() {}

  /** A function with fixed arguments. */
  static MethodHandle function(String name, FunctionDescriptor descriptor) {
    return bind(name, descriptor, Linker.Option.captureCallState("errno"));
  }

  /** A function whose arguments from {@code firstVariadic} on are variadic in C. */
  static MethodHandle variadic(String name, int firstVariadic, FunctionDescriptor descriptor) {
    return bind(
        name,
        descriptor,
        Linker.Option.captureCallState("errno"),
        Linker.Option.firstVariadicArg(firstVariadic));
  }

  private static MethodHandle bind(String name, FunctionDescriptor type, Linker.Option... options) {
    MemorySegment symbol =
        LINKER
            .defaultLookup()
            .find(name)
            .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no " + name));
    return LINKER.downcallHandle(symbol, type, options);
  }

  /** Where a call of this thread leaves its errno. */
  static MemorySegment errno() {
    return ERRNO.get();
  }

  /** Turns the C convention (-1, errno elsewhere) into the kernel's (negative errno). */
  static long result(long returned, MemorySegment errno) {
    return returned != -1 ? returned : -errno.get(ValueLayout.JAVA_INT, ERRNO_OFFSET);
  }

  /** The descriptor of {@code long f(arguments)}: registers are 64 bits wide on both machines. */
  static FunctionDescriptor longOf(MemoryLayout... arguments) {
    return FunctionDescriptor.of(ValueLayout.JAVA_LONG, arguments);
  }

  /** The descriptor of {@code int f(arguments)}. */
  static FunctionDescriptor intOf(MemoryLayout... arguments) {
    return FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments);
  }

  /** Returns a result that is not negative. */
  static long check(String call, long result) throws LinuxException {
    if (result < 0) {
      throw new LinuxException(call, (int) -result);
    }
    return result;
  }

  /**
   * Throws what it is given, unwrapped. {@code invokeExact} declares Throwable though a downcall
   * throws nothing, so whatever arrives here was thrown, and declared, by the method around it.
   */
  @SuppressWarnings("unchecked")
  static <T extends Throwable> RuntimeException rethrown(Throwable thrown) throws T {
    throw (T) thrown;
  }
}
