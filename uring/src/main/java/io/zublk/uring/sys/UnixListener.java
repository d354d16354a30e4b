package io.zublk.uring.sys;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A unix socket in the file system, where clients come. It replaces what a dead server left at its
 * path, never a live one's socket and nothing else, and takes its own file away on close.
 */
public final class UnixListener implements AutoCloseable {

  private final LinuxSocket socket;

  /** Null if another file is at the path by now. */
  private final SocketFile file;

  private UnixListener(LinuxSocket socket, SocketFile file) {
    this.socket = socket;
    this.file = file;
  }

  /**
   * Listens at a path.
   *
   * @param backlog how many clients may wait to be accepted
   * @throws IOException whose message is the reason alone, in one line; the path is for the caller
   *     to say
   */
  public static UnixListener open(Path path, SocketAccess access, int backlog) throws IOException {
    Path directory = path.toAbsolutePath().getParent();
    if (!Files.isDirectory(directory)) {
      throw new IOException("there is no directory " + directory + "; make it first");
    }
    if (!Files.isWritable(directory)) {
      throw new IOException("the directory " + directory + " is not writable");
    }
    try {
      clear(path);
      return bind(path, access, backlog);
    } catch (LinuxException e) {
      boolean isTaken = e.errno() == Errnos.EADDRINUSE;
      throw new IOException(
          isTaken ? "another server took the path just now" : Errnos.message(e.errno()), e);
    } catch (FileSystemException e) {
      throw new IOException(fileReason(e), e);
    }
  }

  /**
   * Goes on with a socket that another process has made, and listened on.
   *
   * @param fileKey what that process's {@link #fileKey()} was
   */
  public static UnixListener resume(LinuxSocket socket, Path path, String fileKey)
      throws IOException {
    return new UnixListener(socket, SocketFile.given(path, fileKey));
  }

  /**
   * Makes way for a socket.
   *
   * @throws IOException if something else than a dead server's socket is there
   */
  private static void clear(Path path) throws IOException {
    SocketFile file = SocketFile.at(path);
    switch (file.kind()) {
      case NOTHING -> {}
      case DEAD -> file.deleteDead();
      case LIVE -> throw new IOException("another server listens there; choose another path");
      case OTHER -> throw new IOException("what is there is no socket; choose another path");
    }
  }

  /**
   * It listens before others may connect: a socket that is bound and does not is taken for a dead
   * server's, and deleted, by another server that comes at this moment.
   */
  private static UnixListener bind(Path path, SocketAccess access, int backlog) throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
    LinuxSocket socket = LinuxSocket.openListening(address);
    try {
      socket.setMode(SocketAccess.OWNER.mode());
      socket.bind(address);
      UnixListener listener = new UnixListener(socket, SocketFile.ours(path));
      try {
        socket.listen(backlog);
        access.applyTo(path);
        return listener;
      } catch (IOException e) {
        listener.close();
        throw e;
      }
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** What these exceptions mean is in their class, and their message only a path. */
  private static String fileReason(FileSystemException e) {
    String reason =
        e instanceof AccessDeniedException
            ? "permission denied"
            : Objects.requireNonNullElse(e.getReason(), e.getClass().getSimpleName());
    return e.getFile() + ": " + reason;
  }

  /** Deletes the socket that a dead server left at a path; nothing else that stands there. */
  public static void removeDead(Path path) throws IOException {
    SocketFile file = SocketFile.at(path);
    if (file.kind() == SocketFile.Kind.DEAD) {
      file.deleteDead();
    }
  }

  /** The socket, ready when a client comes. It never blocks. */
  public LinuxSocket socket() {
    return socket;
  }

  /** Identifies the socket's file, to another process; empty if none is ours. */
  public String fileKey() {
    return file == null ? "" : file.fileKey().toString();
  }

  /** Whether clients still find the socket at its path: nobody has deleted its file. */
  public boolean isFound() {
    try {
      return file != null && file.isStillThere();
    } catch (IOException e) {
      return false; // it went while we looked
    }
  }

  @Override
  public void close() throws IOException {
    try {
      // First: while the socket is open, its inode is no other file's.
      if (isFound()) {
        Files.delete(file.path());
      }
    } finally {
      socket.close();
    }
  }
}
