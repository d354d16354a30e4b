package io.zublk.uring.sys;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** File systems: mounting a private tmpfs, and asking what a path lies on. */
public final class Mounts {

  /** {@link FileSystem#type()} of a tmpfs (include/uapi/linux/magic.h). */
  public static final long TMPFS_MAGIC = 0x01021994L;

  private static final long MS_NOSUID = 2;
  private static final long MS_NODEV = 4;
  private static final long MS_NOEXEC = 8;
  private static final int MNT_DETACH = 2;

  // struct statfs of 64-bit machines (include/uapi/asm-generic/statfs.h), with room to spare.
  private static final int STATFS_BYTES = 120;

  private static final MethodHandle MOUNT =
      Native.function("mount", Native.intOf(ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS));
  private static final MethodHandle UMOUNT2 =
      Native.function("umount2", Native.intOf(ADDRESS, JAVA_INT));
  private static final MethodHandle STATFS =
      Native.function("statfs", Native.intOf(ADDRESS, ADDRESS));

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
    MemorySegment errno = Native.errno();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment type = arena.allocateFrom("tmpfs");
      MemorySegment target = arena.allocateFrom(directory.toString());
      MemorySegment data = arena.allocateFrom(options);
      long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
      int returned = (int) MOUNT.invokeExact(errno, type, target, type, flags, data);
      Native.check("mount tmpfs on " + directory, Native.result(returned, errno));
    } catch (Throwable t) {
      throw Native.rethrown(t);
    }
  }

  /**
   * Unmounts a file system. Needs CAP_SYS_ADMIN.
   *
   * @param detach whether to succeed while it is in use, and let it end with its last user
   */
  public static void unmount(Path directory, boolean detach) throws LinuxException {
    MemorySegment errno = Native.errno();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocateFrom(directory.toString());
      int returned = (int) UMOUNT2.invokeExact(errno, target, detach ? MNT_DETACH : 0);
      Native.check("umount " + directory, Native.result(returned, errno));
    } catch (Throwable t) {
      throw Native.rethrown(t);
    }
  }

  /** The file system that a path lies on. */
  public static FileSystem fileSystem(Path path) throws LinuxException {
    MemorySegment errno = Native.errno();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(path.toString());
      MemorySegment status = arena.allocate(STATFS_BYTES, Long.BYTES);
      int returned = (int) STATFS.invokeExact(errno, text, status);
      Native.check("statfs of " + path, Native.result(returned, errno));
      long blockBytes = status.get(JAVA_LONG, 8);
      return new FileSystem(
          status.get(JAVA_LONG, 0),
          status.get(JAVA_LONG, 16) * blockBytes,
          status.get(JAVA_LONG, 32) * blockBytes);
    } catch (Throwable t) {
      throw Native.rethrown(t);
    }
  }
}
