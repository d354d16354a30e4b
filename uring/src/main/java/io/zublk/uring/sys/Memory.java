package io.zublk.uring.sys;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Mappings of the process's address space.
 *
 * <p>A mapping is one {@link MemorySegment} of any size, of the global scope: accesses need no
 * liveness check, and whoever unmaps it answers for nobody using it afterwards, as in C. Constants
 * are include/uapi/asm-generic/mman-common.h and mman.h.
 */
public final class Memory {

  public static final int PROT_READ = 1;
  public static final int PROT_WRITE = 2;

  public static final int MAP_SHARED = 0x01;
  public static final int MAP_PRIVATE = 0x02;
  public static final int MAP_ANONYMOUS = 0x20;

  /** Reserves no swap or commit charge: a large mapping may be used sparsely. */
  public static final int MAP_NORESERVE = 0x4000;

  /** Faults the pages in before the call returns. */
  public static final int MAP_POPULATE = 0x8000;

  /** Frees private pages; they read as zeros again. */
  public static final int MADV_DONTNEED = 4;

  /** Frees the pages of a shared mapping and punches a hole in its file. */
  public static final int MADV_REMOVE = 9;

  public static final int MADV_HUGEPAGE = 14;
  public static final int MADV_NOHUGEPAGE = 15;

  /** Leaves the range out of core dumps. */
  public static final int MADV_DONTDUMP = 16;

  /** Faults the pages in for writing, or fails instead of delivering SIGBUS (5.14). */
  public static final int MADV_POPULATE_WRITE = 23;

  /** Locks the pages that are mapped now. */
  public static final int MCL_CURRENT = 1;

  /** Locks also what is mapped later. */
  public static final int MCL_FUTURE = 2;

  /** Locks pages when they are first touched instead of faulting all of them in (4.4). */
  public static final int MCL_ONFAULT = 4;

  private static final int MS_SYNC = 4;
  private static final long AT_PAGESZ = 6;

  private static final int PAGE_BYTES = querySystemPage();

  private Memory() {}

  /** The kernel's page size in bytes: 4096 on x86-64; 4096, 16384 or 65536 on aarch64. */
  public static int pageBytes() {
    return PAGE_BYTES;
  }

  /**
   * Maps {@code length} bytes.
   *
   * @param protection {@link #PROT_READ} | {@link #PROT_WRITE}
   * @param flags {@code MAP_} constants
   * @param fd the file's descriptor, or -1 with {@link #MAP_ANONYMOUS}
   * @param offset where in the file, a multiple of {@link #pageBytes()}
   */
  public static MemorySegment map(long length, int protection, int flags, int fd, long offset)
      throws LinuxException {
    // User addresses are positive, so only a negated errno is below zero.
    long result = Syscall.call(Syscall.MMAP, 0, length, protection, flags, fd, offset);
    long address = Syscall.check("mmap of " + length + " bytes", result);
    return MemorySegment.ofAddress(address).reinterpret(length);
  }

  /** Maps a file for reading and writing, shared with every other process that maps it. */
  public static MemorySegment mapShared(LinuxFile file, long offset, long length)
      throws LinuxException {
    return map(length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file.fd(), offset);
  }

  /** Maps zeroed private memory whose pages exist from their first use on. */
  public static MemorySegment mapAnonymous(long length) throws LinuxException {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    return map(length, PROT_READ | PROT_WRITE, flags, -1, 0);
  }

  /** Ends a mapping. Any later access to the segment is undefined. */
  public static void unmap(MemorySegment mapping) {
    if (Syscall.call(Syscall.MUNMAP, mapping.address(), mapping.byteSize()) < 0) {
      throw new IllegalArgumentException("not a mapping: " + mapping);
    }
  }

  /**
   * Advises the kernel about a range; offset and length are multiples of {@link #pageBytes()}.
   * Allocates nothing.
   *
   * @param advice one of the {@code MADV_} constants
   * @return 0 or a negative errno
   */
  public static int advise(MemorySegment mapping, long offset, long length, int advice) {
    return (int) Syscall.call(Syscall.MADVISE, mapping.address() + offset, length, advice, 0);
  }

  /** Waits until the file below a shared mapping has its bytes. */
  public static void sync(MemorySegment mapping) throws LinuxException {
    long address = mapping.address();
    Syscall.check("msync", Syscall.call(Syscall.MSYNC, address, mapping.byteSize(), MS_SYNC, 0));
  }

  /**
   * Keeps the process's memory out of swap. Needs CAP_IPC_LOCK or a sufficient RLIMIT_MEMLOCK.
   *
   * @param flags {@code MCL_} constants
   */
  public static void lockAll(int flags) throws LinuxException {
    Syscall.check("mlockall", Syscall.call(Syscall.MLOCKALL, flags, 0));
  }

  /**
   * Faults in whatever is mapped in a range, and keeps it in memory. Allocates nothing.
   *
   * @return 0 or a negative errno; ENOMEM also if not all of it is mapped, or can be accessed
   */
  public static int lock(long address, long length) {
    return (int) Syscall.call(Syscall.MLOCK, address, length);
  }

  /** Takes that back, and what {@link #lockAll} did to this mapping. */
  public static void unlock(MemorySegment mapping) throws LinuxException {
    Syscall.check("munlock", Syscall.call(Syscall.MUNLOCK, mapping.address(), mapping.byteSize()));
  }

  // The kernel tells each process in its auxiliary vector, pairs of words; sysconf reads it, too.
  private static int querySystemPage() {
    try {
      LongBuffer vector =
          ByteBuffer.wrap(Files.readAllBytes(Path.of("/proc/self/auxv")))
              .order(ByteOrder.nativeOrder())
              .asLongBuffer();
      for (int i = 0; i + 1 < vector.limit(); i += 2) {
        if (vector.get(i) == AT_PAGESZ) {
          return (int) vector.get(i + 1);
        }
      }
      throw new IllegalStateException("/proc/self/auxv names no page size");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
