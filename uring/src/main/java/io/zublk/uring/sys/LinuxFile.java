package io.zublk.uring.sys;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
  public static final int O_WRONLY = 1;
  public static final int O_RDWR = 2;
  public static final int O_CREAT = 0x40;
  public static final int O_EXCL = 0x80;
  public static final int O_TRUNC = 0x200;
  public static final int O_APPEND = 0x400;

  /** Past the page cache (asm/fcntl.h; aarch64 has a number of its own). */
  public static final int O_DIRECT =
      System.getProperty("os.arch").equals("aarch64") ? 0x10000 : 0x4000;

  /** {@link #allocate}: the file keeps its size also when the range lies beyond its end. */
  public static final int FALLOC_KEEP_SIZE = 1;

  /** {@link #allocate}: frees the range instead; needs {@link #FALLOC_KEEP_SIZE}. */
  public static final int FALLOC_PUNCH_HOLE = 2;

  /** {@link #memory}: the file consists of huge pages. */
  public static final int MFD_HUGETLB = 4;

  private static final int O_CLOEXEC = 0x80000;
  private static final int MFD_CLOEXEC = 1;
  private static final int CLOSED = -1;

  private static final int AT_FDCWD = -100;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int STATX_SIZE_AND_BLOCKS = 0x200 | 0x400;
  private static final int STATX_BYTES = 256;
  private static final int STATX_SIZE_OFFSET = 40;
  private static final int STATX_BLOCKS_OFFSET = 48;
  private static final int STATX_BLOCK_BYTES = 512;

  private static final int F_GET_SEALS = 1034;

  private static final int LOCK_SH = 1;
  private static final int LOCK_EX = 2;
  private static final int LOCK_NB = 4;

  private final String name;
  private final AtomicInteger fd;

  LinuxFile(String name, int fd) {
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
    try (Arena arena = Arena.ofConfined()) {
      long text = arena.allocateFrom(path.toString()).address();
      long result;
      do {
        result = Syscall.call(Syscall.OPENAT, AT_FDCWD, text, flags | O_CLOEXEC, mode);
      } while (result == -Errnos.EINTR);
      return new LinuxFile(path.toString(), (int) Syscall.check("open " + path, result));
    }
  }

  /**
   * Makes an anonymous file in memory.
   *
   * @param name shown in /proc/PID/fd, at most 249 bytes
   * @param flags 0 or {@link #MFD_HUGETLB}
   */
  public static LinuxFile memory(String name, int flags) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      long text = arena.allocateFrom(name).address();
      long result = Syscall.call(Syscall.MEMFD_CREATE, text, flags | MFD_CLOEXEC);
      return new LinuxFile("memfd:" + name, (int) Syscall.check("memfd_create " + name, result));
    }
  }

  /**
   * Makes a count of events, 0 at first, that {@link #append} adds words to; to read it waits until
   * it is not 0, and sets it to that (eventfd2(2)).
   */
  public static LinuxFile event() throws LinuxException {
    long result = Syscall.call(Syscall.EVENTFD2, 0, O_CLOEXEC);
    return new LinuxFile("eventfd", (int) Syscall.check("eventfd2", result));
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
    long result = Syscall.call(Syscall.FTRUNCATE, fd(), size);
    Syscall.check("ftruncate of " + name + " to " + size, result);
  }

  /**
   * Gives the range storage, or with {@link #FALLOC_PUNCH_HOLE} takes it away. Allocates no Java
   * object. On a tmpfs this says ENOSPC where a first write to the mapping would be a SIGBUS.
   *
   * @return 0 or a negative errno
   */
  public int allocate(int mode, long offset, long length) {
    long result;
    do {
      result = Syscall.call(Syscall.FALLOCATE, fd(), mode, offset, length);
    } while (result == -Errnos.EINTR);
    return (int) result;
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
    try (Arena arena = Arena.ofConfined()) {
      return statx(arena).get(JAVA_LONG, STATX_SIZE_OFFSET);
    }
  }

  /**
   * Whether its contents are the kernel's own memory: a memfd, or a file on a tmpfs or hugetlbfs.
   * Of any other file a program may have to be asked, on this machine (FUSE) or another, and that
   * can take for ever. This never does: only files of memory have seals (mm/memfd.c), which the
   * kernel knows by itself.
   */
  public boolean isMemory() {
    return Syscall.call(Syscall.FCNTL, fd(), F_GET_SEALS) >= 0;
  }

  /** The bytes of storage that the file occupies. */
  public long allocatedBytes() throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      return statx(arena).get(JAVA_LONG, STATX_BLOCKS_OFFSET) * STATX_BLOCK_BYTES;
    }
  }

  // statx and not fstat: its structure is the same on every machine (linux/stat.h).
  private MemorySegment statx(Arena arena) throws LinuxException {
    long empty = arena.allocateFrom("").address();
    MemorySegment status = arena.allocate(STATX_BYTES, Long.BYTES);
    long result =
        Syscall.call(
            Syscall.STATX, fd(), empty, AT_EMPTY_PATH, STATX_SIZE_AND_BLOCKS, status.address(), 0);
    Syscall.check("statx of " + name, result);
    return status;
  }

  /**
   * Reads into native memory. Allocates nothing.
   *
   * @return the bytes read, 0 at the end of the file, or a negative errno
   */
  public long read(long position, MemorySegment buffer, long offset, long length) {
    return transfer(Syscall.PREAD64, position, buffer, offset, length);
  }

  /**
   * Writes from native memory. Allocates nothing.
   *
   * @return the bytes written, or a negative errno
   */
  public long write(long position, MemorySegment buffer, long offset, long length) {
    return transfer(Syscall.PWRITE64, position, buffer, offset, length);
  }

  /**
   * Writes from native memory, for files that have no positions. Allocates nothing.
   *
   * @return the bytes written, or a negative errno
   */
  public long append(MemorySegment buffer, long offset, long length) {
    return transfer(Syscall.WRITE, 0, buffer, offset, length);
  }

  private long transfer(int call, long position, MemorySegment buffer, long offset, long length) {
    Objects.checkFromIndexSize(offset, length, buffer.byteSize());
    if (!buffer.isNative()) {
      throw new IllegalArgumentException("the kernel cannot reach memory of the Java heap");
    }
    try {
      return Syscall.call(call, fd(), buffer.address() + offset, length, position);
    } finally {
      Reference.reachabilityFence(buffer);
    }
  }

  /**
   * Takes the advisory lock of the whole file, which ends with {@link #close} or with the process.
   *
   * @return false if another open file has it
   */
  public boolean tryLock(boolean exclusive) throws LinuxException {
    long result = Syscall.call(Syscall.FLOCK, fd(), (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB);
    if (result == -Errnos.EAGAIN) {
      return false;
    }
    Syscall.check("flock of " + name, result);
    return true;
  }

  /**
   * Asks a device for something that is no transfer (ioctl(2)).
   *
   * @param request its number; it must not be one that writes to where the argument points
   * @return what the device says, or a negative errno
   */
  public int control(int request, long argument) {
    return (int) Syscall.call(Syscall.IOCTL, fd(), request, argument, 0);
  }

  /** Closes the file. Closing twice has no effect. */
  @Override
  public void close() {
    int value = fd.getAndSet(CLOSED);
    if (value != CLOSED) {
      // Linux has released the descriptor whatever close answers, so there is nothing to retry.
      Syscall.call(Syscall.CLOSE, value, 0);
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
