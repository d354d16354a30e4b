package io.zublk.uring.sys;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** File systems: mounting a private tmpfs, and asking what a path lies on. */
public final class Mounts {

  /** {@link FileSystem#type()} of a tmpfs (include/uapi/linux/magic.h). */
  public static final long TMPFS_MAGIC = 0x01021994L;

  private static final long MS_NOSUID = 2;
  private static final long MS_NODEV = 4;
  private static final long MS_NOEXEC = 8;
  private static final int MNT_DETACH = 2;
  private static final int UMOUNT_NOFOLLOW = 8;

  // struct statfs of 64-bit machines (include/uapi/asm-generic/statfs.h), with room to spare.
  private static final int STATFS_BYTES = 120;

  private Mounts() {}

  /**
   * What is known of a mounted file system.
   *
   * @param type its magic number
   * @param totalBytes its size; 0 for a tmpfs without a limit
   * @param availableBytes what an unprivileged process may still use
   */
  public record FileSystem(long type, long totalBytes, long availableBytes) {}

  /**
   * Mounts a tmpfs without devices, set-uid files and programs. Needs CAP_SYS_ADMIN.
   *
   * @param directory an existing directory
   * @param options tmpfs's own, such as {@code noswap,size=1g,mode=0700}; {@code noswap} needs 6.4
   */
  public static void mountTmpfs(Path directory, String options) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      long type = arena.allocateFrom("tmpfs").address();
      long target = arena.allocateFrom(directory.toString()).address();
      long data = arena.allocateFrom(options).address();
      long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
      long result = Syscall.call(Syscall.MOUNT, type, target, type, flags, data, 0);
      Syscall.check("mount tmpfs on " + directory, result);
    }
  }

  /**
   * Unmounts a file system, and never one that {@code directory} is a link to. Needs CAP_SYS_ADMIN.
   *
   * @param detach whether to succeed while it is in use, and let it end with its last user
   */
  public static void unmount(Path directory, boolean detach) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      long target = arena.allocateFrom(directory.toString()).address();
      long flags = UMOUNT_NOFOLLOW | (detach ? MNT_DETACH : 0);
      long result = Syscall.call(Syscall.UMOUNT2, target, flags);
      Syscall.check("umount " + directory, result);
    }
  }

  /** The file system that a path lies on. */
  public static FileSystem fileSystem(Path path) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      long text = arena.allocateFrom(path.toString()).address();
      MemorySegment status = arena.allocate(STATFS_BYTES, Long.BYTES);
      long result = Syscall.call(Syscall.STATFS, text, status.address());
      Syscall.check("statfs of " + path, result);
      long blockBytes = status.get(JAVA_LONG, 8);
      return new FileSystem(
          status.get(JAVA_LONG, 0),
          status.get(JAVA_LONG, 16) * blockBytes,
          status.get(JAVA_LONG, 32) * blockBytes);
    }
  }
}
