package io.zublk.daemon.registry;

import io.zublk.daemon.Json;
import io.zublk.daemon.TransportKind;
import io.zublk.daemon.UserException;
import io.zublk.daemon.machine.FileStatus;
import io.zublk.daemon.machine.ProcFs;
import io.zublk.daemon.machine.ProcessId;
import io.zublk.uring.sys.LinuxFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One device's directory: its lock, its record, its sockets and its log. */
public final class DeviceDir {

  /** Whoever asks whether we live holds our lock file for microseconds. */
  static final Duration OWN_LOCK_LIMIT = Duration.ofSeconds(10);

  /** Some 500 bytes and three paths, each of at most 4096. */
  private static final int MAX_RECORD_BYTES = 64 << 10;

  /** To delete it: a process that stands by may just be making a file there, one or the other. */
  private static final int MOST_TRIES = 100;

  private static final Set<String> MADE_BEFORE_THE_RECORD =
      Set.of("lock", "log", "log.next", "log.old", "device.json.new");

  private static final Set<StandardOpenOption> NEW_FILE =
      Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);

  private static final FileAttribute<?> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private final RunDir runDir;
  private final int id;
  private final Path path;

  DeviceDir(RunDir runDir, int id) {
    this.runDir = runDir;
    this.id = id;
    this.path = runDir.path().resolve(Integer.toString(id));
  }

  public int id() {
    return id;
  }

  public RunDir runDir() {
    return runDir;
  }

  public Path path() {
    return path;
  }

  public Path controlSocket() {
    return path.resolve("control.sock");
  }

  /** Where the next process of the device finds the one that serves, at an upgrade. */
  public Path upgradeSocket() {
    return path.resolve("upgrade.sock");
  }

  /** Where this process tries out how the device is handed over, with another store. */
  public Path rehearsalStore() {
    return path.resolve("rehearsal-%d.store".formatted(ProcessHandle.current().pid()));
  }

  /** As {@link #rehearsalStore}; no longer than the control socket's, which had to fit. */
  public Path rehearsalSocket() {
    return path.resolve("r%d.sk".formatted(ProcessHandle.current().pid()));
  }

  /** Where a server listens that was not told where. */
  public Path serverSocket(TransportKind transport) {
    return path.resolve(transport.word() + ".sock");
  }

  public Path log() {
    return path.resolve("log");
  }

  /** The last lines of the log; none of one that cannot be read. */
  public List<String> logEnd(int most) {
    List<String> all = LastWords.read(log(), StandardCharsets.UTF_8, Integer.MAX_VALUE);
    return all.subList(Math.max(0, all.size() - most), all.size()); // a log is small
  }

  /** Who waits to go on with the device when its process has died; empty if nobody is ready. */
  public Optional<ProcessId> standby() {
    try {
      return Optional.of(Json.record(ProcessId.class, Files.readAllBytes(standbyFile())))
          .filter(ProcessId::isRunning);
    } catch (IOException | IllegalArgumentException | UserException e) {
      return Optional.empty();
    }
  }

  /** Writes down who is ready to go on with the device. */
  public void tellOfStandby(ProcessId ready) throws IOException {
    replace(standbyFile(), Json.line(ready));
  }

  public void forgetStandby() throws IOException {
    Files.deleteIfExists(standbyFile());
  }

  private Path standbyFile() {
    return path.resolve("standby");
  }

  /** What the JVM itself has to say once nobody listens to its standard output. */
  public Path output() {
    return path.resolve("output");
  }

  /** The last report of a JVM that crashed while it served the device. */
  private Path crashReport() {
    return path.resolve("crash.log");
  }

  /** Why the device, which is dead, serves no more, as far as is known: one line. */
  public String whyDead(DeviceRecord dead) {
    if (dead.deathCause() != null) {
      return dead.deathCause();
    }
    return dead.howItEnded() + LastWords.of(this, dead).map(words -> ": " + words).orElse("");
  }

  /** Keeps the report of a process that crashed, if it did, under the device's name. */
  public void keepCrashReport(long pid) throws IOException {
    Path report = runDir.crashReport(Long.toString(pid));
    if (FileStatus.of(report).filter(FileStatus::isRegularFile).isPresent()) {
      Files.move(report, crashReport(), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private Path lockFile() {
    return path.resolve("lock");
  }

  Path recordFile() {
    return path.resolve("device.json");
  }

  /** Whether the id is taken here, by whatever stands at its name. */
  public boolean exists() {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * Takes the id for this process, for as long as it lives. The caller holds the run directory's
   * lock.
   */
  public FileLocks.Held claim() {
    assert runDir.isLockedHere() : "another process may claim the same id";
    try {
      Files.createDirectory(path, RunDir.PRIVATE);
      return lock();
    } catch (IOException e) {
      throw runDir.unusable(e);
    }
  }

  /**
   * Takes the id of a dead device for this process, for as long as it lives. The caller holds the
   * run directory's lock, under which it has seen that the device is dead.
   */
  public FileLocks.Held claimAgain() {
    assert runDir.isLockedHere() : "another process may recover the same device";
    try {
      FileLocks.Held held = FileLocks.acquire(lockFile(), OWN_LOCK_LIMIT);
      if (held == null) {
        throw new UserException("another process holds " + lockFile());
      }
      return held;
    } catch (IOException e) {
      throw runDir.unusable(e);
    }
  }

  private FileLocks.Held lock() throws IOException {
    FileLocks.Held held = null;
    try {
      held = FileLocks.acquire(lockFile(), OWN_LOCK_LIMIT);
    } finally {
      if (held == null) {
        Files.deleteIfExists(path); // just made, and empty: no other process holds that lock
      }
    }
    if (held == null) {
      throw new UserException("another process holds " + lockFile());
    }
    return held;
  }

  /**
   * Keeps what tidies /tmp up by age from this directory, for as long as the result is open:
   * systemd-tmpfiles passes by a directory that somebody has locked (tmpfiles.d(5)).
   */
  public LinuxFile keepFromAging() throws IOException {
    LinuxFile directory = LinuxFile.open(path, LinuxFile.O_RDONLY, 0);
    directory.tryLock(false);
    return directory;
  }

  /**
   * Whether the process that claimed this device lives. It does also when its lock cannot be seen
   * any more, because somebody tidied the directory up: then its data is as much in use.
   */
  public boolean isAlive() {
    return isLocked() || isRecordedProcessRunning();
  }

  boolean isLocked() {
    try {
      return FileLocks.isHeld(lockFile());
    } catch (IOException e) {
      throw new UserException(
          "cannot tell whether device " + id + " lives: " + UserException.lineFor(e), e);
    }
  }

  private boolean isRecordedProcessRunning() {
    try {
      return record()
          .filter(r -> r.state() != DeviceRecord.State.DEAD)
          .filter(r -> ProcFs.isRunning(r.pid(), r.startTicks()))
          .isPresent();
    } catch (UnreadableRecordException e) {
      return false;
    }
  }

  /**
   * What the device's process wrote down; empty if it did not come that far.
   *
   * @throws UnreadableRecordException if there is a record that we do not understand
   */
  public Optional<DeviceRecord> record() {
    try (InputStream in = Files.newInputStream(recordFile(), LinkOption.NOFOLLOW_LINKS)) {
      byte[] text = in.readNBytes(MAX_RECORD_BYTES);
      DeviceRecord record = Json.record(DeviceRecord.class, text);
      if (record == null) {
        throw new IOException("it is empty");
      }
      record.requireComplete(id);
      return Optional.of(record);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | IllegalArgumentException | UserException e) {
      throw new UnreadableRecordException(this, e);
    }
  }

  /** Whether the device's store file may lie on {@code mount}: in doubt it does. */
  boolean mayNeed(Path mount) {
    try {
      return record()
          .map(record -> Path.of(record.storeFile()).startsWith(mount))
          .orElseGet(this::isLocked);
    } catch (UnreadableRecordException e) {
      return true;
    }
  }

  /**
   * Whether this is what a process left that died before it wrote its record. Any other directory
   * without a record is somebody else's, which happens to have a number for a name.
   */
  boolean isUnfinished() {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
      for (Path entry : entries) {
        if (!MADE_BEFORE_THE_RECORD.contains(entry.getFileName().toString())) {
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Why this id is taken though it cannot be told by whom; empty if it can be. */
  public Optional<String> obscurity() {
    try {
      if (record().isPresent()) {
        return Optional.empty();
      }
    } catch (UnreadableRecordException e) {
      return Optional.of(UserException.lineFor(e));
    }
    if (isLocked()) {
      return Optional.of(
          "device %d: its process lives, but has no record at %s; it is left alone"
              .formatted(id, recordFile()));
    }
    return isUnfinished()
        ? Optional.empty()
        : Optional.of("%s is no device, and is left alone".formatted(path));
  }

  /**
   * What is written down about the device, which is dead and can be taken into service again.
   *
   * @throws UserException with what it is instead
   */
  public DeviceRecord recoverable() {
    if (exists()) {
      obscurity()
          .ifPresent(reason -> {
            throw new UserException(reason);
          });
    }
    DeviceRecord record =
        record()
            .orElseThrow(() ->
                new UserException(
                    ("there is no device %d in %s to recover: what devices hold does not outlive"
                            + " a reboot")
                        .formatted(id, runDir.path())));
    if (isAliveOnceEnded()) {
      throw new UserException(
          "device %d needs no recovery: process %d %s"
              .formatted(
                  id,
                  record.pid(),
                  switch (record.state()) {
                    case RECOVERING -> "is just recovering it";
                    case STARTING -> "is just making it";
                    case HANDING_OVER -> "is part of an upgrade";
                    case SERVING, DEAD -> "serves it";
                  }));
    }
    if (record.state() == DeviceRecord.State.STARTING) {
      throw new UserException(
          "device %d died before it served: there is nothing to recover".formatted(id));
    }
    return record;
  }

  /**
   * Whether the device lives once a process that is just dying has ended: the kernel drops its lock
   * only after it has unmapped the store.
   */
  public boolean isAliveOnceEnded() {
    long deadline = System.nanoTime() + OWN_LOCK_LIMIT.toNanos();
    while (isAlive()) {
      boolean runsOn =
          record().filter(r -> ProcFs.isRunningOn(r.pid(), r.startTicks())).isPresent();
      if (runsOn || System.nanoTime() > deadline) {
        return true;
      }
      FileLocks.pause();
    }
    return false;
  }

  /** Replaces the record; readers see the old one or the new one, never a part. */
  public void write(DeviceRecord record) {
    try {
      replace(recordFile(), Json.line(record));
    } catch (IOException e) {
      throw runDir.unusable(e);
    }
  }

  private static void replace(Path file, String line) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    try (FileChannel channel = FileChannel.open(fresh, NEW_FILE, OWNER_ONLY)) {
      // In bytes of UTF-8, whatever the locale: the reader's may be another.
      ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * Deletes the directory and what zublk keeps in it. The lock file goes last, so that the id stays
   * taken until nothing is left.
   */
  public void delete() throws IOException {
    for (int tries = 1; exists(); tries++) {
      deleteEntries();
      Files.deleteIfExists(lockFile());
      try {
        Files.deleteIfExists(path);
      } catch (DirectoryNotEmptyException e) {
        if (tries == MOST_TRIES) {
          throw e;
        }
      }
    }
  }

  private void deleteEntries() throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
      for (Path entry : entries) {
        if (!entry.equals(lockFile())) {
          Files.deleteIfExists(entry);
        }
      }
    }
  }
}
