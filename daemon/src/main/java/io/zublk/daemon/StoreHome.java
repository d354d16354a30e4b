package io.zublk.daemon;

import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Mounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/**
 * The shared memory that store files lie in.
 *
 * <p>Best is a tmpfs of our own that the kernel never swaps out: with any other, a device that
 * backs swap could be swapped out to itself. It is mounted for the first device of a run directory
 * and goes with the last. Who may not mount uses {@code /dev/shm}.
 *
 * <p>All methods need the run directory's lock, because devices share the mount.
 */
final class StoreHome {

  /** What keeps the memory of a store file, as {@code stat} says it. */
  static final String NOSWAP = "tmpfs,noswap";

  static final String SWAPPABLE = "tmpfs";
  static final String SHARED = "/dev/shm";

  /**
   * The mount never takes the last quarter of the machine's memory. What is stored cannot be
   * reclaimed, so without a limit the kernel would start killing programs; with it, writers get
   * ENOSPC. Room for 64 Ki files costs nothing until they exist.
   */
  private static final String LIMITS = "size=75%,nr_inodes=64k,mode=0700";

  private static final Path DEV_SHM = Path.of(SHARED);
  private static final String SHM_PREFIX = "zublk-";

  /**
   * A place for one store file.
   *
   * @param file where it is to be made
   * @param memory one of {@link #NOSWAP}, {@link #SWAPPABLE}, {@link #SHARED}
   */
  record Place(Path file, String memory) {}

  private StoreHome() {}

  /** Chooses the place for a device's store file, and mounts what is needed for it. */
  static Place prepare(RunDir runDir, int id) throws IOException {
    Path mount = runDir.storeMount();
    Optional<String> mounted = MountTable.optionsOf(mount);
    if (mounted.isEmpty() && mountTmpfs(mount)) {
      mounted = MountTable.optionsOf(mount);
    }
    if (mounted.isPresent()) {
      String memory = mounted.get().contains("noswap") ? NOSWAP : SWAPPABLE;
      return new Place(mount.resolve(id + ".store"), memory);
    }
    if (!Files.isWritable(DEV_SHM)) {
      throw new UserException(
          "no shared memory: tmpfs needs privileges to mount, and " + DEV_SHM + " is not writable");
    }
    // Everybody's names lie there: the pid and the time make ours unique, O_EXCL makes sure.
    String unique = ProcessHandle.current().pid() + "-" + Long.toHexString(System.nanoTime());
    return new Place(DEV_SHM.resolve(SHM_PREFIX + unique + ".store"), SHARED);
  }

  private static boolean mountTmpfs(Path mount) throws IOException {
    if (ProcFs.effectiveUid() != 0) {
      return false;
    }
    boolean made = makeMountPoint(mount);
    try {
      mountNoswapIfPossible(mount);
      return true;
    } catch (LinuxException e) {
      // Root of a container may not mount; everything else about it may work.
      if (made) {
        Files.deleteIfExists(mount);
      }
      return false;
    }
  }

  private static boolean makeMountPoint(Path mount) throws IOException {
    if (Files.isDirectory(mount)) {
      return false;
    }
    Files.createDirectory(
        mount, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    return true;
  }

  private static void mountNoswapIfPossible(Path mount) throws LinuxException {
    try {
      Mounts.mountTmpfs(mount, LIMITS + ",noswap");
    } catch (LinuxException e) {
      if (e.errno() != Errnos.EINVAL) {
        throw e;
      }
      // Linux before 6.4 has no noswap.
      Mounts.mountTmpfs(mount, LIMITS);
    }
  }

  /** Unmounts the tmpfs if no device, dead or alive, has its store file on it. */
  static void release(RunDir runDir) throws IOException {
    Path mount = runDir.storeMount();
    boolean needed =
        runDir.devices().stream()
            .flatMap(device -> device.record().stream())
            .anyMatch(record -> Path.of(record.storeFile()).startsWith(mount));
    if (needed) {
      return;
    }
    if (MountTable.optionsOf(mount).isPresent()) {
      // Detached, because somebody's shell may stand in it; it ends when that leaves.
      Mounts.unmount(mount, true);
    }
    Files.deleteIfExists(mount);
  }

  /**
   * Whether a path could have been handed out by {@link #prepare}; nothing else is ever deleted.
   */
  static boolean isStoreFile(RunDir runDir, Path file) {
    return file.startsWith(runDir.storeMount())
        || (DEV_SHM.equals(file.getParent())
            && file.getFileName().toString().startsWith(SHM_PREFIX));
  }
}
