package io.zublk.daemon.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What lstat(2) says of a path: of a link itself, never of what it leads to.
 *
 * @param mode type and permissions (inode(7))
 * @param owner the owner's user id
 * @param device the file system it lies on, as the kernel numbers it
 * @param inode its number there; two names with one device and inode are one file
 */
public record FileStatus(int mode, int owner, long device, long inode) {

  // include/uapi/linux/stat.h
  private static final int TYPE = 0170000;
  private static final int SOCKET = 0140000;
  private static final int LINK = 0120000;
  private static final int REGULAR = 0100000;
  private static final int DIRECTORY = 0040000;
  private static final int STICKY = 01000;
  private static final int GROUP_OR_OTHER_WRITE = 0022;
  private static final int OTHER_WRITE = 0002;

  /** The status of what is at {@code path}; empty if nothing is. */
  public static Optional<FileStatus> of(Path path) throws IOException {
    try {
      Map<String, Object> attributes =
          Files.readAttributes(path, "unix:mode,uid,dev,ino", LinkOption.NOFOLLOW_LINKS);
      return Optional.of(
          new FileStatus(
              (int) attributes.get("mode"),
              (int) attributes.get("uid"),
              (long) attributes.get("dev"),
              (long) attributes.get("ino")));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  boolean isSocket() {
    return (mode & TYPE) == SOCKET;
  }

  boolean isLink() {
    return (mode & TYPE) == LINK;
  }

  public boolean isRegularFile() {
    return (mode & TYPE) == REGULAR;
  }

  public boolean isDirectory() {
    return (mode & TYPE) == DIRECTORY;
  }

  public boolean isWritableByGroupOrOthers() {
    return (mode & GROUP_OR_OTHER_WRITE) != 0;
  }

  /** Whether it is a directory in which anybody may delete or rename what is not theirs. */
  public boolean isFreeForAll() {
    return (mode & OTHER_WRITE) != 0 && (mode & STICKY) == 0;
  }

  public boolean isSameFileAs(FileStatus other) {
    return device == other.device && inode == other.inode;
  }

  /** The file system's number as /proc writes it: {@code major:minor} (makedev(3)). */
  String deviceNumber() {
    long major = ((device >> 8) & 0xfff) | ((device >> 32) & ~0xfffL);
    long minor = (device & 0xff) | ((device >> 12) & ~0xffL);
    return major + ":" + minor;
  }

  /** Deletes what is at {@code path} if it is still this file, and not another one by its name. */
  public void deleteIfStillAt(Path path) throws IOException {
    if (of(path).filter(this::isSameFileAs).isPresent()) {
      Files.deleteIfExists(path);
    }
  }
}
