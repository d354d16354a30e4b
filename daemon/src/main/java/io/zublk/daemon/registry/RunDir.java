package io.zublk.daemon.registry;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.zublk.daemon.UserException;
import io.zublk.daemon.machine.FileStatus;
import io.zublk.daemon.machine.ProcFs;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A run directory: a world of devices. Each has a directory named after its id.
 *
 * <p>Whatever several devices share (which ids are taken, the mount that holds the store files) is
 * changed under one lock, and only under it.
 */
public final class RunDir {

  /** Names the run directory for both sides, when set. */
  public static final String VARIABLE = "ZUBLK_RUN_DIR";

  /** Others hold the lock for a mkdir, a mount and a few small files: milliseconds. */
  private static final Duration LOCK_LIMIT = Duration.ofSeconds(20);

  static {
    // Who claims a device's directory holds the lock on the run directory meanwhile.
    assert LOCK_LIMIT.compareTo(DeviceDir.OWN_LOCK_LIMIT) > 0;
  }

  /** For directories that nobody else may enter, whatever the umask. */
  static final FileAttribute<?> PRIVATE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private final Path path;

  public RunDir(Path path) {
    this.path = resolved(path);
  }

  /**
   * The path without links, as the kernel's tables have it, so that one directory has one name.
   * What does not exist yet has none.
   */
  private static Path resolved(Path path) {
    Path existing = path.toAbsolutePath();
    Path missing = Path.of("");
    while (existing.getParent() != null) {
      try {
        return existing.toRealPath().resolve(missing).normalize();
      } catch (IOException e) {
        missing = existing.getFileName().resolve(missing);
        existing = existing.getParent();
      }
    }
    return path.toAbsolutePath().normalize();
  }

  /**
   * The run directory this user's commands mean: $ZUBLK_RUN_DIR, else {@code /run/zublk} for root,
   * else {@code $XDG_RUNTIME_DIR/zublk}, else {@code /tmp/zublk-UID}.
   */
  public static RunDir ofEnvironment() {
    return ofEnvironment(System.getenv(), ProcFs.effectiveUid());
  }

  static RunDir ofEnvironment(Map<String, String> environment, int uid) {
    String chosen = environment.getOrDefault(VARIABLE, "");
    if (!chosen.isEmpty()) {
      return new RunDir(Path.of(chosen));
    }
    if (uid == 0) {
      return new RunDir(Path.of("/run/zublk"));
    }
    String userRuntime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
    return userRuntime.isEmpty()
        ? amongOthers(Path.of("/tmp"), uid)
        : new RunDir(Path.of(userRuntime, "zublk"));
  }

  /** A user's directory where everybody makes files: the name itself must not be another's link. */
  static RunDir amongOthers(Path everybodys, int uid) {
    Path path = everybodys.resolve("zublk-" + uid);
    if (Files.isSymbolicLink(path)) {
      throw new UserException(
          "run directory " + path + " is a link; delete it, or set " + VARIABLE);
    }
    return new RunDir(path);
  }

  public Path path() {
    return path;
  }

  /** Where the store files of this run directory are mounted, if they are. */
  Path storeMount() {
    return path.resolve("store");
  }

  /** Where the JVM with this pid says why it crashed; {@code %p} is the JVM's own word for one. */
  public Path crashReport(String pid) {
    return path.resolve("crash-" + pid + ".log");
  }

  /** The directory of the device with this id, whether it is there or not. */
  public DeviceDir device(int id) {
    return new DeviceDir(this, id);
  }

  /**
   * Makes the directory if need be.
   *
   * @return whether it was made just now
   */
  public boolean make() {
    try {
      boolean made = FileStatus.of(path).isEmpty();
      if (made) {
        Files.createDirectories(path.getParent(), PRIVATE);
        made = makeUnlessOthersDid();
      }
      requireTrustworthy();
      return made;
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  private boolean makeUnlessOthersDid() throws IOException {
    try {
      Files.createDirectory(path, PRIVATE);
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    }
  }

  /** Whether the directory is there, and one that {@link #requireTrustworthy} lets pass. */
  public boolean exists() {
    try {
      requireTrustworthy();
      return FileStatus.of(path).isPresent();
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  /**
   * Refuses a directory in which somebody else could put what is then trusted: a record that names
   * a file to delete, a link to mount over. One that is not there cannot be trusted wrongly.
   *
   * @throws UserException if it is not a directory of this user, or root's, that only its owner can
   *     change
   */
  void requireTrustworthy() throws IOException {
    Optional<FileStatus> status = FileStatus.of(path);
    if (status.isEmpty()) {
      return;
    }
    int self = ProcFs.effectiveUid();
    int owner = status.get().owner();
    if (!status.get().isDirectory()) {
      throw untrusted("is not a directory");
    }
    if (owner != self && owner != 0) {
      throw untrusted("belongs to user %d, and you are %d".formatted(owner, self));
    }
    if (status.get().isWritableByGroupOrOthers()) {
      throw untrusted("can be written by others than its owner ('chmod go-w' mends that)");
    }
    requireThatNobodyCanReplaceIt();
  }

  private void requireThatNobodyCanReplaceIt() throws IOException {
    for (Path above = path.getParent(); above != null; above = above.getParent()) {
      if (FileStatus.of(above).filter(FileStatus::isFreeForAll).isPresent()) {
        throw untrusted(
            "can be replaced by anybody, for "
                + above
                + " has no sticky bit ('chmod +t' mends that)");
      }
    }
  }

  private UserException untrusted(String reason) {
    return new UserException(
        "run directory %s %s; set %s to one of your own".formatted(path, reason, VARIABLE));
  }

  /** Locks the directory against all other zublk processes; the lock file goes with the last. */
  public Lock lock() {
    try {
      requireTrustworthy();
      FileLocks.Held held = FileLocks.acquire(lockFile(), LOCK_LIMIT);
      if (held == null) {
        throw new UserException(
            "run directory " + path + " has been locked by another zublk for " + LOCK_LIMIT);
      }
      return new Lock(held);
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  /** Whether a thread of this process holds the lock. */
  boolean isLockedHere() {
    return FileLocks.isHeldHere(lockFile());
  }

  /** Says that something could not be read or made in the directory. */
  UserException unusable(IOException e) {
    return new UserException(
        "run directory %s cannot be used: %s; mend that, or set %s to another"
            .formatted(path, reason(e), VARIABLE),
        e);
  }

  private static String reason(IOException e) {
    return switch (e) {
      case java.nio.file.AccessDeniedException denied -> "permission denied";
      case NoSuchFileException missing -> "no such directory";
      case FileAlreadyExistsException other -> other.getFile() + " is not a directory";
      case java.nio.file.FileSystemException other when other.getReason() != null ->
          other.getReason().toLowerCase(java.util.Locale.ROOT);
      default -> UserException.lineFor(e);
    };
  }

  private Path lockFile() {
    return path.resolve("lock");
  }

  /** The devices that have a directory here, in the order of their ids, dead ones included. */
  public List<DeviceDir> devices() {
    List<DeviceDir> devices = new ArrayList<>();
    // Looked at first, because a FIFO would not open; and then what was opened.
    if (!exists()) {
      return devices;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
      requireTrustworthy();
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (name.matches("0|[1-9]\\d{0,6}") && Files.isDirectory(entry, NOFOLLOW_LINKS)) {
          devices.add(device(Integer.parseInt(name)));
        }
      }
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw unusable(e);
    }
    devices.sort(Comparator.comparingInt(DeviceDir::id));
    return devices;
  }

  /** The lock on the run directory. */
  public final class Lock implements AutoCloseable {
    private final FileLocks.Held held;

    private Lock(FileLocks.Held held) {
      this.held = held;
    }

    /** Refuses to go on with a lock on some other directory. */
    public void requireFor(RunDir wanted) {
      if (wanted != RunDir.this) {
        throw new IllegalArgumentException("lock on " + path + ", not on " + wanted.path);
      }
    }

    /** Unlocks, and deletes the lock file if nothing is left that it could guard. */
    @Override
    public void close() {
      try {
        if (isEmptyButForTheLock()) {
          Files.deleteIfExists(lockFile());
        }
      } catch (IOException e) {
        // A lock file that stays is untidy, not wrong.
      } finally {
        held.close();
      }
    }

    private boolean isEmptyButForTheLock() throws IOException {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
        for (Path entry : entries) {
          if (!entry.equals(lockFile())) {
            return false;
          }
        }
      }
      return true;
    }
  }

  /** Removes the directory itself, if it is empty. */
  public void removeIfEmpty() {
    try {
      Files.deleteIfExists(path);
    } catch (DirectoryNotEmptyException e) {
      // Another device lives here.
    } catch (IOException e) {
      // It was ours to make but is no longer ours to delete: leave it to whoever changed that.
    }
  }
}
