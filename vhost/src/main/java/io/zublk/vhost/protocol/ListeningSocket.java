package io.zublk.vhost.protocol;

import io.zublk.uring.sys.Errnos;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxSocket;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * A socket at a path where clients come, for its owner alone. It replaces what a dead server left
 * there, never a live one's and nothing else.
 */
public final class ListeningSocket implements AutoCloseable {

  /** So many may wait to be accepted, or hung up on. */
  private static final int BACKLOG = 16;

  private static final int OWNER_ONLY = 0600;

  /** The type in a file's mode, and that of a socket (inode(7)). */
  private static final int S_IFMT = 0170000;

  private static final int S_IFSOCK = 0140000;

  private final Path path;
  private final LinuxSocket socket;
  private final Object fileKey;

  private ListeningSocket(Path path, LinuxSocket socket, Object fileKey) {
    this.path = path;
    this.socket = socket;
    this.fileKey = fileKey;
  }

  /**
   * Listens at a path.
   *
   * @throws IOException with one line that says what is wrong
   */
  public static ListeningSocket open(Path path) throws IOException {
    try {
      clear(path);
      UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
      LinuxSocket socket = LinuxSocket.openListening(address);
      try {
        socket.bind(address);
        Files.setAttribute(path, "unix:mode", OWNER_ONLY);
        socket.listen(BACKLOG);
        return new ListeningSocket(path, socket, keyOf(path));
      } catch (IOException | RuntimeException | Error e) {
        socket.close();
        throw e;
      }
    } catch (FileSystemException e) {
      throw new IOException(
          "cannot listen at " + path + ": " + e.getClass().getSimpleName() + " " + e.getFile(), e);
    } catch (IOException | IllegalArgumentException e) {
      throw new IOException("cannot listen at " + path + ": " + e.getMessage(), e);
    }
  }

  private static void clear(Path path) throws IOException {
    int mode;
    try {
      mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      return;
    }
    if ((mode & S_IFMT) != S_IFSOCK) {
      throw new IOException("what is there is no socket; choose another path");
    }
    if (isLive(path)) {
      throw new IOException("another server listens there; choose another path");
    }
    Files.delete(path);
  }

  /** Only "refused" says that nobody listens. */
  private static boolean isLive(Path path) throws IOException {
    try {
      LinuxSocket.connect(UnixDomainSocketAddress.of(path)).close();
      return true;
    } catch (LinuxException e) {
      return e.errno() != Errnos.ECONNREFUSED;
    }
  }

  private static Object keyOf(Path path) throws IOException {
    return Files.getAttribute(path, "unix:fileKey", LinkOption.NOFOLLOW_LINKS);
  }

  /** The socket, ready when a client comes. */
  public LinuxSocket socket() {
    return socket;
  }

  /** Closes it, and deletes its file if that is still its own. */
  @Override
  public void close() throws IOException {
    try {
      // First: while the socket is open, its inode is no other file's.
      if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && keyOf(path).equals(fileKey)) {
        Files.delete(path);
      }
    } finally {
      socket.close();
    }
  }
}
