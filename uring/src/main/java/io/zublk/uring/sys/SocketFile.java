package io.zublk.uring.sys;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;

/**
 * What stands at the path of a unix socket at one moment.
 *
 * @param fileKey identifies the file; null if there is none
 */
public record SocketFile(Path path, Kind kind, Object fileKey) {

  /** What a file is to somebody who wants to listen at its path. */
  public enum Kind {
    NOTHING,

    /** A socket on which nobody listens any more. */
    DEAD,

    /** A socket that somebody may listen on. */
    LIVE,

    /** A file of any other type. */
    OTHER
  }

  /** The type in a file's mode, and that of a socket (inode(7)). */
  private static final int S_IFMT = 0170000;

  private static final int S_IFSOCK = 0140000;

  /** Looks, and knocks where there is a socket. */
  public static SocketFile at(Path path) throws IOException {
    Map<String, Object> file;
    try {
      file = Files.readAttributes(path, "unix:mode,fileKey", LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      return new SocketFile(path, Kind.NOTHING, null);
    }
    boolean socket = ((int) file.get("mode") & S_IFMT) == S_IFSOCK;
    Kind kind = socket ? (isDead(path) ? Kind.DEAD : Kind.LIVE) : Kind.OTHER;
    return new SocketFile(path, kind, file.get("fileKey"));
  }

  /** The socket that this process has just bound to a path. */
  static SocketFile ours(Path path) throws IOException {
    return new SocketFile(path, Kind.LIVE, keyOf(path));
  }

  /**
   * The socket that another process has bound, and given to this one, which would knock at itself.
   *
   * @return null if another file is there now, or none
   */
  static SocketFile given(Path path, String fileKey) throws IOException {
    try {
      SocketFile there = ours(path);
      return there.fileKey().toString().equals(fileKey) ? there : null;
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  /** Only "refused" says that nobody listens; "permission denied" may be anybody's. */
  private static boolean isDead(Path path) throws IOException {
    try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      client.configureBlocking(false); // the queue of a live server may be full
      client.connect(UnixDomainSocketAddress.of(path));
      return false;
    } catch (ConnectException e) {
      return String.valueOf(e.getMessage()).contains("refused");
    } catch (SocketException e) {
      return false; // of a type that no stream can be connected to
    }
  }

  /** Whether the same file is still there. */
  boolean isStillThere() throws IOException {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS) && keyOf(path).equals(fileKey);
  }

  /**
   * Deletes a dead socket. It is first moved aside: had another server replaced it since it was
   * looked at, that one's would have been moved, and gets its path back.
   */
  public void deleteDead() throws IOException {
    Path directory = Files.createTempDirectory(path.getParent(), ".dead-");
    Path aside = directory.resolve("socket");
    try {
      Files.move(path, aside);
      if (!fileKey.equals(keyOf(aside))) {
        Files.createLink(path, aside); // never over what may be there by now
        throw new IOException("another server took the path just now");
      }
    } finally {
      Files.deleteIfExists(aside); // if it was linked back, one of its two names
      Files.delete(directory);
    }
  }

  private static Object keyOf(Path path) throws IOException {
    return Files.getAttribute(path, "unix:fileKey", LinkOption.NOFOLLOW_LINKS);
  }
}
