package io.zublk.uring.sys;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open file of the kernel: a regular file, a memory file or a device.
 *
 * <p>Safe for use by several threads, as the kernel's is, except that {@link #close} must be last.
 * Constants are include/uapi/asm-generic/fcntl.h, linux/falloc.h, linux/memfd.h.
 */
public final class LinuxFile implements AutoCloseable {

  public static final int O_RDONLY = 0;
  public static final int O_RDWR = 2;
  public static final int O_CREAT = 0x40;
  public static final int O_EXCL = 0x80;
  public static final int O_TRUNC = 0x200;

  /** {@link #allocate}: the file keeps its size also when the range lies beyond its end. */
  public static final int FALLOC_KEEP_SIZE = 1;

  /** {@link #allocate}: frees the range instead; needs {@link #FALLOC_KEEP_SIZE}. */
  public static final int FALLOC_PUNCH_HOLE = 2;

  /** {@link #memory}: the file consists of huge pages. */
  public static final int MFD_HUGETLB = 4;

  private static final int O_CLOEXEC = 0x80000;
  private static final int MFD_CLOEXEC = 1;
  private static final int CLOSED = -1;

  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int STATX_SIZE_AND_BLOCKS = 0x200 | 0x400;
  private static final int STATX_BYTES = 256;
  private static final int STATX_SIZE_OFFSET = 40;
  private static final int STATX_BLOCKS_OFFSET = 48;
  private static final int STATX_BLOCK_BYTES = 512;

  private static final int LOCK_SH = 1;
  private static final int LOCK_EX = 2;
  private static final int LOCK_NB = 4;

  private static final MethodHandle OPEN =
      Native.variadic("open", 2, Native.intOf(ADDRESS, JAVA_INT, JAVA_INT));
  private static final MethodHandle MEMFD_CREATE =
      Native.function("memfd_create", Native.intOf(ADDRESS, JAVA_INT));
  private static final MethodHandle CLOSE = Native.function("close", Native.intOf(JAVA_INT));
  private static final MethodHandle FTRUNCATE =
      Native.function("ftruncate", Native.intOf(JAVA_INT, JAVA_LONG));
  private static final MethodHandle FALLOCATE =
      Native.function("fallocate", Native.intOf(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle STATX =
      Native.function("statx", Native.intOf(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS));
  private static final MethodHandle PREAD =
      Native.function("pread", Native.longOf(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle PWRITE =
      Native.function("pwrite", Native.longOf(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle FLOCK =
      Native.function("flock", Native.intOf(JAVA_INT, JAVA_INT));

  private final String name;
  private final AtomicInteger fd;

  private LinuxFile(String name, int fd) {
    this.name = name;
    this.fd = new AtomicInteger(fd);
  }

  /**
   * Opens a file; it is closed on exec.
   *
   * @param flags {@code O_} constants
   * @param mode the permissions of a file this call creates, such as 0600
   */
  public static LinuxFile open(Path path, int flags, int mode) throws LinuxException {
    MemorySegment errno = Native.errno();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(path.toString());
      long result;
      do {
        int returned = (int) OPEN.invokeExact(errno, text, flags | O_CLOEXEC, mode);
        result = Native.result(returned, errno);
      } while (result == -Errnos.EINTR);
      return new LinuxFile(path.toString(), (int) Native.check("open " + path, result));
    } catch (Throwable t) {
      throw Native.rethrown(t);
    }
  }

  /**
   * Makes an anonymous file in memory.
   *
   * @param name shown in /proc/PID/fd, at most 249 bytes
   * @param flags 0 or {@link #MFD_HUGETLB}
   */
  public static LinuxFile memory(String name, int flags) throws LinuxException {
    MemorySegment errno = Native.errno();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(name);
      int returned = (int) MEMFD_CREATE.invokeExact(errno, text, flags | MFD_CLOEXEC);
      long result = Native.check("memfd_create " + name, Native.result(returned, errno));
      return new LinuxFile("memfd:" + name, (int) result);
    } catch (Throwable t) {
      throw Native.rethrown(t);
    }
  }

  /** Takes over a descriptor that another call made; {@code name} appears in messages. */
  public static LinuxFile adopt(String name, int fd) {
    return new LinuxFile(name, fd);
  }

  /** The file's descriptor. */
  public int fd() {
    int value = fd.get();
    if (value == CLOSED) {
      throw new IllegalStateException(name + " is closed");
    }
    return value;
  }

  /** Sets the file's size in bytes; new bytes are a hole. */
  public void truncate(long size) throws LinuxException {
    MemorySegment errno = Native.errno();
    try {
      int returned = (int) FTRUNCATE.invokeExact(errno, fd(), size);
      Native.check("ftruncate of " + name + " to " + size, Native.result(returned, errno));
    } catch (Throwable t) {
      throw Native.rethrown(t);
    }
  }

  /**
   * Gives the range storage, or with {@link #FALLOC_PUNCH_HOLE} takes it away. Allocates no Java
   * object. On a tmpfs this says ENOSPC where a first write to the mapping would be a SIGBUS.
   *
   * @return 0 or a negative errno
   */
  public int allocate(int mode, long offset, long length) {
    MemorySegment errno = Native.errno();
    try {
      long result;
      do {
        int returned = (int) FALLOCATE.invokeExact(errno, fd(), mode, offset, length);
        result = Native.result(returned, errno);
      } while (result == -Errnos.EINTR);
      return (int) result;
    } catch (Throwable t) {
      throw Native.rethrown(t);
    }
  }

  /**
   * Gives the range's whole pages back to the kernel; the range reads as zeros. Allocates no Java
   * object.
   *
   * @return 0 or a negative errno
   */
  public int punchHole(long offset, long length) {
    return allocate(FALLOC_PUNCH_HOLE | FALLOC_KEEP_SIZE, offset, length);
  }

  /** The file's size in bytes. */
  public long size() throws LinuxException {
    return statx(STATX_SIZE_OFFSET);
  }

  /** The bytes of storage that the file occupies. */
  public long allocatedBytes() throws LinuxException {
    return statx(STATX_BLOCKS_OFFSET) * STATX_BLOCK_BYTES;
  }

  // statx and not fstat: its structure is the same on every machine (linux/stat.h).
  private long statx(int field) throws LinuxException {
    MemorySegment errno = Native.errno();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment empty = arena.allocateFrom("");
      MemorySegment status = arena.allocate(STATX_BYTES, Long.BYTES);
      int returned =
          (int) STATX.invokeExact(errno, fd(), empty, AT_EMPTY_PATH, STATX_SIZE_AND_BLOCKS, status);
      Native.check("statx of " + name, Native.result(returned, errno));
      return status.get(JAVA_LONG, field);
    } catch (Throwable t) {
      throw Native.rethrown(t);
    }
  }

  /**
   * Reads into native memory. Allocates nothing.
   *
   * @return the bytes read, 0 at the end of the file, or a negative errno
   */
  public long read(long position, MemorySegment buffer, long offset, long length) {
    MemorySegment errno = Native.errno();
    try {
      long address = address(buffer, offset, length);
      long returned = (long) PREAD.invokeExact(errno, fd(), address, length, position);
      return Native.result(returned, errno);
    } catch (Throwable t) {
      throw Native.rethrown(t);
    } finally {
      Reference.reachabilityFence(buffer);
    }
  }

  /**
   * Writes from native memory. Allocates nothing.
   *
   * @return the bytes written, or a negative errno
   */
  public long write(long position, MemorySegment buffer, long offset, long length) {
    MemorySegment errno = Native.errno();
    try {
      long address = address(buffer, offset, length);
      long returned = (long) PWRITE.invokeExact(errno, fd(), address, length, position);
      return Native.result(returned, errno);
    } catch (Throwable t) {
      throw Native.rethrown(t);
    } finally {
      Reference.reachabilityFence(buffer);
    }
  }

  private static long address(MemorySegment buffer, long offset, long length) {
    Objects.checkFromIndexSize(offset, length, buffer.byteSize());
    if (!buffer.isNative()) {
      throw new IllegalArgumentException("the kernel cannot reach memory of the Java heap");
    }
    return buffer.address() + offset;
  }

  /**
   * Takes the advisory lock of the whole file, which ends with {@link #close} or with the process.
   *
   * @return false if another open file has it
   */
  public boolean tryLock(boolean exclusive) throws LinuxException {
    MemorySegment errno = Native.errno();
    int operation = (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB;
    try {
      int returned = (int) FLOCK.invokeExact(errno, fd(), operation);
      long result = Native.result(returned, errno);
      if (result == -Errnos.EAGAIN) {
        return false;
      }
      Native.check("flock of " + name, result);
      return true;
    } catch (Throwable t) {
      throw Native.rethrown(t);
    }
  }

  /** Closes the file. Closing twice has no effect. */
  @Override
  public void close() {
    int value = fd.getAndSet(CLOSED);
    if (value == CLOSED) {
      return;
    }
    MemorySegment errno = Native.errno();
    try {
      // Linux has released the descriptor whatever close answers, so there is nothing to retry.
      int _ = (int) CLOSE.invokeExact(errno, value);
    } catch (Throwable t) {
      throw Native.rethrown(t);
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
