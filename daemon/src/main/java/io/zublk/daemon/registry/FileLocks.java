package io.zublk.daemon.registry;

import io.zublk.daemon.UserException;
import io.zublk.daemon.machine.FileStatus;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Locks on files, which the kernel drops when their process ends, however it ends. They are how one
 * process knows that another lives.
 *
 * <p>The JDK's locks are POSIX record locks: they belong to the process, and closing <em>any</em>
 * channel on the file gives them up. So a process must not open a file again that it has locked;
 * {@link #HELD_HERE} sees to it. (flock(2) has no such trap, but the JDK does not offer it, and
 * binding it would make every command some tens of milliseconds slower.)
 */
public final class FileLocks {

  private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

  private static final Duration RETRY_INTERVAL = Duration.ofMillis(10);

  private FileLocks() {}

  /** A lock that is held until closed. */
  public static final class Held implements AutoCloseable {
    private final Path file;
    private final FileStatus locked;
    private final FileChannel channel;

    private Held(Path file, FileStatus locked, FileChannel channel) {
      this.file = file;
      this.locked = locked;
      this.channel = channel;
    }

    /** Whether the locked file is still the one of its name: somebody may have deleted it. */
    public boolean isInPlace() throws IOException {
      return FileStatus.of(file).filter(locked::isSameFileAs).isPresent();
    }

    /** Gives the lock up. The file stays. */
    @Override
    public void close() {
      assert HELD_HERE.contains(file) : file; // else somebody else's lock would be given up
      try {
        channel.close();
      } catch (IOException e) {
        // The kernel has dropped the lock all the same: close(2) never keeps a descriptor.
      } finally {
        HELD_HERE.remove(file);
      }
    }
  }

  /**
   * Locks {@code file}, which is made if need be, for this process alone.
   *
   * @return null if another process, or another thread of this one, still has it after {@code
   *     limit}
   * @throws IOException also if a link or another thing that is no file stands at its name
   */
  static Held acquire(Path file, Duration limit) throws IOException {
    long deadline = System.nanoTime() + limit.toNanos();
    do {
      if (HELD_HERE.add(file)) {
        Held held = null;
        try {
          held = tryAcquire(file);
        } finally {
          if (held == null) {
            HELD_HERE.remove(file);
          }
        }
        if (held != null) {
          return held;
        }
      }
      pause();
    } while (System.nanoTime() < deadline);
    return null;
  }

  private static Held tryAcquire(Path file) throws IOException {
    Optional<FileStatus> before = FileStatus.of(file);
    if (before.isEmpty()) {
      create(file);
      before = FileStatus.of(file);
    }
    if (before.isEmpty()) {
      return null; // whoever had it has deleted it: it has to be made once more
    }
    FileChannel channel = open(file, StandardOpenOption.WRITE);
    if (channel == null) {
      return null;
    }
    Held held = new Held(file, before.get(), channel);
    boolean ours = false;
    try {
      // The last user of a lock file may delete it: what we locked must still be at this path.
      ours = channel.tryLock() != null && held.isInPlace();
    } catch (OverlappingFileLockException e) {
      throw new IllegalStateException("lock on " + file + " escaped its owner", e);
    } finally {
      if (!ours) {
        channel.close();
      }
    }
    return ours ? held : null;
  }

  /** Whether this process holds {@code file}, or is about to. */
  static boolean isHeldHere(Path file) {
    return HELD_HERE.contains(file);
  }

  /** Whether a living process holds {@code file}. False if there is no such file. */
  static boolean isHeld(Path file) throws IOException {
    if (isHeldHere(file)) {
      return true;
    }
    FileChannel channel = open(file, StandardOpenOption.READ);
    if (channel == null) {
      return false;
    }
    // A shared lock conflicts with an owner's lock only, not with others who ask.
    try (channel;
        FileLock probe = channel.tryLock(0, Long.MAX_VALUE, true)) {
      return probe == null;
    }
  }

  private static void create(Path file) throws IOException {
    try {
      FileChannel.open(
              file,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))
          .close();
    } catch (FileAlreadyExistsException e) {
      // Another process wants it, too.
    }
  }

  /** Opens a file and nothing else: no link, and no pipe, which would wait for its other end. */
  private static FileChannel open(Path file, StandardOpenOption how) throws IOException {
    Optional<FileStatus> status = FileStatus.of(file);
    if (status.isPresent() && !status.get().isRegularFile()) {
      throw new IOException(file + " should be a lock file, and is no file");
    }
    try {
      return FileChannel.open(file, how, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  static void pause() {
    try {
      Thread.sleep(RETRY_INTERVAL);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted while waiting for another zublk process", e);
    }
  }
}
