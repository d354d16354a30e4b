package io.zublk.daemon;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Locks on files, which the kernel drops when their process ends, however it ends. They are how one
 * process knows that another lives.
 *
 * <p>The JDK's locks are POSIX record locks: they belong to the process, and closing <em>any</em>
 * channel on the file gives them up. So a process must not open a file again that it has locked;
 * {@link #HELD_HERE} sees to it.
 */
final class FileLocks {

  private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

  private static final Duration RETRY_INTERVAL = Duration.ofMillis(10);

  private FileLocks() {}

  /** A lock that is held until closed. */
  static final class Held implements AutoCloseable {
    private final Path file;
    private final FileChannel channel;

    private Held(Path file, FileChannel channel) {
      this.file = file;
      this.channel = channel;
    }

    /** Gives the lock up. The file stays. */
    @Override
    public void close() {
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
   */
  static Held acquire(Path file, Duration limit) throws IOException {
    long deadline = System.nanoTime() + limit.toNanos();
    do {
      if (HELD_HERE.add(file)) {
        Held held = tryAcquire(file);
        if (held != null) {
          return held;
        }
        HELD_HERE.remove(file);
      }
      pause();
    } while (System.nanoTime() < deadline);
    return null;
  }

  private static Held tryAcquire(Path file) throws IOException {
    createIfAbsent(file);
    Object before = fileKey(file);
    FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
    try {
      // The last user of a lock file may delete it: what we locked must still be at this path.
      if (channel.tryLock() != null && before != null && before.equals(fileKey(file))) {
        return new Held(file, channel);
      }
    } catch (OverlappingFileLockException e) {
      throw new IllegalStateException("lock on " + file + " escaped its owner", e);
    }
    channel.close();
    return null;
  }

  /** Whether a living process holds {@code file}. False if there is no such file. */
  static boolean isHeld(Path file) throws IOException {
    if (HELD_HERE.contains(file)) {
      return true;
    }
    // A shared lock conflicts with an owner's lock only, not with others who ask.
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        FileLock probe = channel.tryLock(0, Long.MAX_VALUE, true)) {
      return probe == null;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private static void createIfAbsent(Path file) throws IOException {
    if (!Files.exists(file)) {
      FileChannel.open(
              file,
              Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))
          .close();
    }
  }

  private static Object fileKey(Path file) throws IOException {
    try {
      return Files.readAttributes(file, java.nio.file.attribute.BasicFileAttributes.class)
          .fileKey();
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private static void pause() {
    try {
      Thread.sleep(RETRY_INTERVAL);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted while waiting for another zublk process", e);
    }
  }
}
