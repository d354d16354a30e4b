package io.zublk.daemon;

import io.zublk.store.SavedDevice;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * A file that keeps what a device holds. It is made beside its place under another name, which it
 * has until it is complete: whatever happens, what is called by its name is whole.
 */
public final class SaveFile {

  private static final String UNFINISHED = ".part";

  private final Path file;
  private final Path unfinished;
  private volatile boolean isOurs;

  /** The file of this name, which need not be there. */
  public SaveFile(String name) {
    this.file = Path.of(name).toAbsolutePath();
    this.unfinished = file.resolveSibling(file.getFileName() + UNFINISHED);
  }

  public Path path() {
    return file;
  }

  /**
   * What the file says of its device; the rest of it is not looked at.
   *
   * @throws UserException with what is wrong with it
   */
  public SavedDevice device() {
    return read(SavedDevice::read);
  }

  /**
   * Has the file read.
   *
   * @throws UserException with what is wrong with it
   */
  public <T> T read(Contents<T> contents) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return contents.of(channel);
    } catch (NoSuchFileException e) {
      throw new UserException("there is no file " + file, e);
    } catch (IOException e) {
      String line = UserException.lineFor(e);
      boolean goesOn = line.startsWith("is ") || line.startsWith("holds ");
      throw new UserException(file + (goesOn ? " " : ": ") + line, e);
    }
  }

  /** How many bytes it has; 0 if it cannot be known. */
  public long bytes() {
    return file.toFile().length();
  }

  /** Reads the file, or writes a new one. */
  @FunctionalInterface
  public interface Contents<T> {
    T of(FileChannel channel) throws IOException;
  }

  /**
   * Makes the file, for its owner alone.
   *
   * @param force whether it may be there already, and is replaced when the new one is complete
   * @throws UserException if it cannot be made; then all is as before
   */
  public <T> T make(boolean force, Contents<T> contents) {
    try {
      requireFree(force);
      try (FileChannel channel = begin(force)) {
        isOurs = true;
        Thread onInterrupt = new Thread(this::deleteUnfinished);
        Runtime.getRuntime().addShutdownHook(onInterrupt);
        try {
          T result = contents.of(channel);
          channel.force(true);
          finish(force);
          return result;
        } finally {
          deleteUnfinished();
          forget(onInterrupt);
        }
      }
    } catch (NoSuchFileException e) {
      throw new UserException("there is no directory " + file.getParent(), e);
    } catch (IOException e) {
      throw new UserException("cannot write %s: %s".formatted(file, UserException.lineFor(e)), e);
    }
  }

  private void requireFree(boolean force) {
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!force) {
      throw new UserException(file + " is there already; --force replaces it");
    }
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new UserException(file + " is no regular file, and is not replaced");
    }
  }

  private FileChannel begin(boolean force) throws IOException {
    try {
      return create();
    } catch (FileAlreadyExistsException e) {
      if (!force || isBeingWritten()) {
        throw new UserException(
            unfinished
                + " is there: another save writes it, or one was killed"
                + (force ? "" : "; --force replaces what a killed one left"),
            e);
      }
      Files.delete(unfinished);
      return create();
    }
  }

  private FileChannel create() throws IOException {
    FileChannel channel =
        FileChannel.open(
            unfinished,
            Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    if (channel.tryLock() == null) { // of a file that is ours alone: somebody looks at it
      channel.close();
      throw new IOException("another save writes it");
    }
    return channel;
  }

  private boolean isBeingWritten() throws IOException {
    try (FileChannel channel =
        FileChannel.open(unfinished, Set.of(StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS))) {
      return channel.tryLock() == null;
    } catch (OverlappingFileLockException e) {
      return true;
    }
  }

  private void finish(boolean force) throws IOException {
    requireFree(force); // somebody may have made one meanwhile
    Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    isOurs = false;
    try (FileChannel directory = FileChannel.open(file.getParent(), StandardOpenOption.READ)) {
      directory.force(true);
    }
  }

  private void deleteUnfinished() {
    try {
      if (isOurs) {
        Files.deleteIfExists(unfinished);
      }
    } catch (IOException e) {
      // The next save says that it is there.
    }
  }

  private static void forget(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // It runs: this process was told to end.
    }
  }
}
