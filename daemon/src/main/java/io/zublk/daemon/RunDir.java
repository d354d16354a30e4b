package io.zublk.daemon;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

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

  private final Path path;

  public RunDir(Path path) {
    this.path = path.toAbsolutePath().normalize();
  }

  /**
   * The run directory this user's commands mean: $ZUBLK_RUN_DIR, else {@code /run/zublk} for root,
   * else {@code $XDG_RUNTIME_DIR/zublk}.
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
    if (userRuntime.isEmpty()) {
      throw new UserException(
          "no run directory: neither " + VARIABLE + " nor XDG_RUNTIME_DIR is set; set one");
    }
    return new RunDir(Path.of(userRuntime, "zublk"));
  }

  public Path path() {
    return path;
  }

  /** Where the store files of this run directory are mounted, if they are. */
  Path storeMount() {
    return path.resolve("store");
  }

  DeviceDir device(int id) {
    return new DeviceDir(this, id);
  }

  /**
   * Makes the directory if need be.
   *
   * @return whether it was made just now
   */
  boolean make() {
    try {
      if (Files.isDirectory(path)) {
        refuseWorldWritable();
        return false;
      }
      Files.createDirectories(path.getParent());
      Files.createDirectory(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      return true;
    } catch (java.nio.file.FileAlreadyExistsException e) {
      return makeLostRace();
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  private boolean makeLostRace() {
    if (Files.isDirectory(path)) {
      return false;
    }
    throw new UserException("run directory " + path + " is not a directory; set " + VARIABLE);
  }

  private void refuseWorldWritable() throws IOException {
    if (Files.getPosixFilePermissions(path).contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new UserException(
          "run directory " + path + " can be written by everybody; use one of your own");
    }
  }

  /** Locks the directory against all other zublk processes; the lock file goes with the last. */
  Lock lock() {
    try {
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

  private UserException unusable(IOException e) {
    return new UserException(
        "run directory %s cannot be used: %s; set %s to one that can be written"
            .formatted(path, reason(e), VARIABLE),
        e);
  }

  private static String reason(IOException e) {
    return switch (e) {
      case java.nio.file.AccessDeniedException denied -> "permission denied";
      case NoSuchFileException missing -> "no such directory";
      case java.nio.file.FileSystemException other when other.getReason() != null ->
          other.getReason().toLowerCase(java.util.Locale.ROOT);
      default -> UserException.lineFor(e);
    };
  }

  private Path lockFile() {
    return path.resolve("lock");
  }

  /** The devices that have a directory here, in the order of their ids, dead ones included. */
  List<DeviceDir> devices() {
    List<DeviceDir> devices = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (name.matches("0|[1-9]\\d{0,6}")) {
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
  final class Lock implements AutoCloseable {
    private final FileLocks.Held held;

    private Lock(FileLocks.Held held) {
      this.held = held;
    }

    /** Refuses to go on with a lock on some other directory. */
    void requireFor(RunDir wanted) {
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
  void removeIfEmpty() {
    try {
      Files.deleteIfExists(path);
    } catch (DirectoryNotEmptyException e) {
      // Another device lives here.
    } catch (IOException e) {
      // It was ours to make but is no longer ours to delete: leave it to whoever changed that.
    }
  }
}
