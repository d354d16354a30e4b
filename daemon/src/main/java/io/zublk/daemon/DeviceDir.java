package io.zublk.daemon;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;

/** One device's directory: its lock, its record, its sockets and its log. */
final class DeviceDir {

  /** Whoever asks whether we live holds our lock file for microseconds. */
  private static final Duration OWN_LOCK_LIMIT = Duration.ofSeconds(10);

  private final RunDir runDir;
  private final int id;
  private final Path path;

  DeviceDir(RunDir runDir, int id) {
    this.runDir = runDir;
    this.id = id;
    this.path = runDir.path().resolve(Integer.toString(id));
  }

  int id() {
    return id;
  }

  RunDir runDir() {
    return runDir;
  }

  Path path() {
    return path;
  }

  Path controlSocket() {
    return path.resolve("control.sock");
  }

  Path nbdSocket() {
    return path.resolve("nbd.sock");
  }

  Path log() {
    return path.resolve("log");
  }

  /** What the JVM itself has to say once nobody listens to its standard output. */
  Path output() {
    return path.resolve("output");
  }

  private Path lockFile() {
    return path.resolve("lock");
  }

  private Path recordFile() {
    return path.resolve("device.json");
  }

  boolean exists() {
    return Files.exists(path);
  }

  /**
   * Takes the id for this process, for as long as it lives. The caller holds the run directory's
   * lock.
   */
  FileLocks.Held claim() throws IOException {
    Files.createDirectory(
        path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    FileLocks.Held held = FileLocks.acquire(lockFile(), OWN_LOCK_LIMIT);
    if (held == null) {
      throw new UserException("another process holds " + lockFile());
    }
    return held;
  }

  /** Whether the process that claimed this device lives. */
  boolean isAlive() {
    try {
      return FileLocks.isHeld(lockFile());
    } catch (IOException e) {
      throw new UserException(
          "cannot tell whether device " + id + " lives: " + UserException.lineFor(e), e);
    }
  }

  /** What the device's process wrote down; empty if it did not come that far. */
  Optional<DeviceRecord> record() {
    try {
      DeviceRecord record = Json.record(DeviceRecord.class, Files.readString(recordFile()));
      return record != null && record.pid() > 0 && record.state() != null && record.config() != null
          ? Optional.of(record)
          : Optional.empty();
    } catch (IOException | IllegalArgumentException | UserException e) {
      return Optional.empty();
    }
  }

  /** Replaces the record; readers see the old one or the new one, never a part. */
  void write(DeviceRecord record) throws IOException {
    Path fresh = path.resolve("device.json.new");
    Files.writeString(fresh, Json.line(record) + "\n");
    Files.move(fresh, recordFile(), StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * Deletes the directory and what zublk keeps in it. The lock file goes last, so that the id stays
   * taken until nothing is left.
   */
  void delete() throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
      for (Path entry : entries) {
        if (!entry.equals(lockFile())) {
          Files.deleteIfExists(entry);
        }
      }
    } catch (NoSuchFileException e) {
      return;
    }
    Files.deleteIfExists(lockFile());
    Files.deleteIfExists(path);
  }
}
