package io.zublk.daemon.registry;

import io.zublk.daemon.UserException;
import io.zublk.daemon.machine.FileStatus;
import io.zublk.daemon.machine.MountTable;
import io.zublk.daemon.machine.ProcFs;
import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.Mounts;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
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
public final class StoreHome {

  /** What keeps the memory of a store file, as {@code stat} says it. */
  static final String NOSWAP = "tmpfs,noswap";

  static final String SWAPPABLE = "tmpfs";
  public static final String SHARED = "/dev/shm";

  /**
   * The mount never takes the last quarter of the machine's memory. What is stored cannot be
   * reclaimed, so without a limit the kernel would start killing programs; with it, writers get
   * ENOSPC. Room for 64 Ki files costs nothing until they exist.
   */
  private static final String LIMITS = "size=75%,nr_inodes=64k,mode=0700";

  private static final String TMPFS = "tmpfs";
  private static final Path DEV_SHM = Path.of(SHARED);
  private static final String SHM_PREFIX = "zublk-";
  private static final String SUFFIX = ".store";

  private StoreHome() {}

  /**
   * Chooses where a device's store file is to be made, and mounts what is needed for it.
   *
   * @param identity the device's
   */
  public static Path prepare(RunDir runDir, int id, long identity) throws IOException {
    assert runDir.isLockedHere() : "another process may mount it, or unmount it";
    if (mounted(runDir).or(() -> mountTmpfs(runDir)).isPresent()) {
      return fileOnMount(runDir, id);
    }
    if (!Files.isWritable(DEV_SHM)) {
      throw new UserException(
          "no shared memory: tmpfs needs privileges to mount, and " + DEV_SHM + " is not writable");
    }
    return newFileAmongOthers(identity);
  }

  /** What holds a store file that {@link #prepare} has given its place, as {@code stat} says it. */
  public static String memoryOf(RunDir runDir, Path file) throws IOException {
    return file.startsWith(runDir.storeMount()) ? mounted(runDir).orElse(SWAPPABLE) : SHARED;
  }

  /** Whether what holds a store file, as {@link #memoryOf} says it, stays in memory. */
  public static boolean isNeverSwapped(String memory) {
    return memory.equals(NOSWAP);
  }

  /** Everybody's names lie there: the identity makes ours unique, O_EXCL makes sure. */
  private static Path newFileAmongOthers(long identity) {
    return DEV_SHM.resolve(SHM_PREFIX + ProcessHandle.current().pid() + suffix(identity));
  }

  private static String suffix(long identity) {
    return "-" + Long.toHexString(identity) + SUFFIX;
  }

  private static Path fileOnMount(RunDir runDir, int id) {
    return runDir.storeMount().resolve(id + SUFFIX);
  }

  /**
   * Why an id cannot be had although no device has it: its directory was deleted by hand, and its
   * store file not. A process may still serve from the file; empty if there is none.
   */
  static Optional<String> nobodysFile(DeviceDir device) throws IOException {
    Path file = fileOnMount(device.runDir(), device.id());
    return FileStatus.of(file)
        .map(_ ->
            "no device is written down for "
                + file
                + ", which is left alone; "
                + "delete it if no process serves from it");
  }

  /** What kind of memory is mounted; empty if none is. */
  private static Optional<String> mounted(RunDir runDir) throws IOException {
    Optional<MountTable.Mount> mount = MountTable.at(runDir.storeMount());
    if (mount.isPresent() && !mount.get().type().equals(TMPFS)) {
      throw new UserException(
          "%s is a mount of type %s, which is not zublk's: unmount it, or set %s to another place"
              .formatted(runDir.storeMount(), mount.get().type(), RunDir.VARIABLE));
    }
    return mount.map(tmpfs -> tmpfs.options().contains("noswap") ? NOSWAP : SWAPPABLE);
  }

  private static Optional<String> mountTmpfs(RunDir runDir) {
    if (ProcFs.effectiveUid() != 0) {
      return Optional.empty();
    }
    Path mount = runDir.storeMount();
    try {
      boolean made = makeMountPoint(mount);
      try {
        return Optional.of(mountNoswapIfPossible(mount));
      } catch (LinuxException e) {
        // Root of a container may not mount; everything else about it may work.
        if (made) {
          Files.deleteIfExists(mount);
        }
        return Optional.empty();
      }
    } catch (IOException e) {
      throw runDir.unusable(e);
    }
  }

  private static boolean makeMountPoint(Path mount) throws IOException {
    Optional<FileStatus> there = FileStatus.of(mount);
    if (there.isEmpty()) {
      Files.createDirectory(mount, RunDir.PRIVATE);
      return true;
    }
    if (!there.get().isDirectory() || !isEmpty(mount)) {
      throw new UserException(
          "%s is not zublk's: only an empty directory is mounted over; move it away, or set %s"
              .formatted(mount, RunDir.VARIABLE));
    }
    return false;
  }

  private static String mountNoswapIfPossible(Path mount) throws LinuxException {
    try {
      Mounts.mountTmpfs(mount, LIMITS + ",noswap");
      return NOSWAP;
    } catch (LinuxException e) {
      if (e.errno() != Errnos.EINVAL) {
        throw e;
      }
      // Linux before 6.4 has no noswap.
      Mounts.mountTmpfs(mount, LIMITS);
      return SWAPPABLE;
    }
  }

  /**
   * Unmounts the tmpfs if no device, dead or alive, has its store file on it; nor anything else is
   * on it, for that would be lost with it.
   */
  public static void release(RunDir runDir) throws IOException {
    assert runDir.isLockedHere() : "a device that starts may be about to use the mount";
    Path mount = runDir.storeMount();
    if (!FileStatus.of(mount).map(FileStatus::isDirectory).orElse(false)
        || runDir.devices().stream().anyMatch(device -> device.mayNeed(mount))
        || !isEmpty(mount)) {
      return;
    }
    Optional<MountTable.Mount> mounted = MountTable.at(mount);
    if (mounted.isPresent() && !mounted.get().type().equals(TMPFS)) {
      return;
    }
    if (mounted.isPresent()) {
      // Detached, because somebody's shell may stand in it; it ends when that leaves.
      Mounts.unmount(mount, true);
    }
    Files.deleteIfExists(mount);
  }

  private static boolean isEmpty(Path directory) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      return !entries.iterator().hasNext();
    }
  }

  /**
   * Deletes the store file of a dead device. A record may name anything: what {@link #prepare}
   * cannot have handed out to the device's process is left alone.
   */
  static void deleteFileOf(RunDir runDir, DeviceRecord record) throws IOException {
    Path file = Path.of(record.storeFile());
    Optional<FileStatus> status =
        isStoreFile(runDir, record) ? FileStatus.of(file) : Optional.empty();
    if (status.isPresent()
        && status.get().isRegularFile()
        && status.get().owner() == ProcFs.effectiveUid()) {
      Files.deleteIfExists(file);
    }
  }

  private static boolean isStoreFile(RunDir runDir, DeviceRecord record) throws IOException {
    Path file = Path.of(record.storeFile());
    Path mount = runDir.storeMount();
    if (file.equals(fileOnMount(runDir, record.id()))) {
      return FileStatus.of(mount).map(FileStatus::isDirectory).orElse(false);
    }
    String name = file.getFileName().toString();
    return DEV_SHM.equals(file.getParent())
        && name.startsWith(SHM_PREFIX)
        && name.endsWith(suffix(record.identity()));
  }
}
