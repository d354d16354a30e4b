package io.zublk.uring.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Bytes over a unix socket, and the open files that travel with them (SCM_RIGHTS of unix(7)). For
 * one thread at a time.
 */
public final class FileMessages {

  private static final int MSG_CTRUNC = 8;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  private static final int SCM_RIGHTS = 1;

  // struct msghdr, and the header of a control message before its descriptors.
  private static final int MESSAGE_BYTES = 56;
  private static final int PARTS_OFFSET = 16;
  private static final int CONTROL_OFFSET = 32;
  private static final int FLAGS_OFFSET = 48;
  private static final int CONTROL_HEADER_BYTES = 16;
  private static final int CONTROL_LEVEL_OFFSET = 8;
  private static final int CONTROL_TYPE_OFFSET = 12;

  private final LinuxSocket socket;
  private final MemorySegment message = Arena.ofAuto().allocate(MESSAGE_BYTES, Long.BYTES);
  private final MemorySegment part = Arena.ofAuto().allocate(JAVA_LONG, 2); // struct iovec
  private final MemorySegment control;
  private final int[] files;
  private int count;

  /** Messages over a socket, which stays the caller's, with so many files at most each. */
  public FileMessages(LinuxSocket socket, int maxFiles) {
    this.socket = socket;
    files = new int[maxFiles];
    long bytes = (long) maxFiles * Integer.BYTES + Integer.BYTES & -Long.BYTES; // whole words
    control = Arena.ofAuto().allocate(CONTROL_HEADER_BYTES + bytes, Long.BYTES);
    message.set(JAVA_LONG, PARTS_OFFSET, part.address());
    message.set(JAVA_LONG, PARTS_OFFSET + Long.BYTES, 1);
    message.set(JAVA_LONG, CONTROL_OFFSET, control.address());
  }

  /**
   * Waits for bytes, and receives them into native memory; the files that came with them are {@link
   * #file}s then, and the caller's to close.
   *
   * @return the bytes received, 0 if the other end sends no more, or a negative errno: EMFILE if
   *     more files came than may, which are closed
   */
  public int receive(MemorySegment buffer, long offset, long length) {
    count = 0;
    setPart(buffer, offset, length);
    // Not what the words have room for: that would be one file more than may come.
    long controlBytes = CONTROL_HEADER_BYTES + (long) files.length * Integer.BYTES;
    message.set(JAVA_LONG, CONTROL_OFFSET + Long.BYTES, controlBytes);
    long result;
    do {
      result = Syscall.call(Syscall.RECVMSG, socket.fd(), message.address(), MSG_CMSG_CLOEXEC, 0);
    } while (result == -Errnos.EINTR);
    if (result < 0) {
      return (int) result;
    }
    takeFiles();
    if ((message.get(JAVA_INT, FLAGS_OFFSET) & MSG_CTRUNC) != 0) {
      closeFiles();
      return -Errnos.EMFILE;
    }
    return (int) result;
  }

  private void takeFiles() {
    if (message.get(JAVA_LONG, CONTROL_OFFSET + Long.BYTES) < CONTROL_HEADER_BYTES
        || control.get(JAVA_INT, CONTROL_LEVEL_OFFSET) != LinuxSocket.SOL_SOCKET
        || control.get(JAVA_INT, CONTROL_TYPE_OFFSET) != SCM_RIGHTS) {
      return;
    }
    count = (int) (control.get(JAVA_LONG, 0) - CONTROL_HEADER_BYTES) / Integer.BYTES;
    MemorySegment.copy(control, JAVA_INT, CONTROL_HEADER_BYTES, files, 0, count);
  }

  /** How many files came with the last bytes. */
  public int files() {
    return count;
  }

  /** One of them. */
  public int file(int index) {
    return files[Objects.checkIndex(index, count)];
  }

  /** Closes all of them. */
  public void closeFiles() {
    for (int i = 0; i < count; i++) {
      LinuxFile.adopt("a file", files[i]).close();
    }
    count = 0;
  }

  /**
   * Sends all of some native memory, and some files, which stay open here.
   *
   * @throws LinuxException if the other end is gone
   */
  public void send(MemorySegment bytes, int... fds) throws LinuxException {
    long done = 0;
    while (done < bytes.byteSize()) {
      setPart(bytes, done, bytes.byteSize() - done);
      setFiles(done == 0 ? fds : new int[0]);
      long sent =
          Syscall.call(
              Syscall.SENDMSG, socket.fd(), message.address(), LinuxSocket.MSG_NOSIGNAL, 0);
      if (sent != -Errnos.EINTR) {
        done += Syscall.check("sendmsg", sent);
      }
    }
  }

  private void setFiles(int[] fds) {
    long bytes = fds.length == 0 ? 0 : CONTROL_HEADER_BYTES + (long) fds.length * Integer.BYTES;
    message.set(JAVA_LONG, CONTROL_OFFSET + Long.BYTES, bytes);
    if (fds.length > 0) {
      control.set(JAVA_LONG, 0, bytes);
      control.set(JAVA_INT, CONTROL_LEVEL_OFFSET, LinuxSocket.SOL_SOCKET);
      control.set(JAVA_INT, CONTROL_TYPE_OFFSET, SCM_RIGHTS);
      MemorySegment.copy(fds, 0, control, JAVA_INT, CONTROL_HEADER_BYTES, fds.length);
    }
  }

  private void setPart(MemorySegment buffer, long offset, long length) {
    Objects.checkFromIndexSize(offset, length, buffer.byteSize());
    part.setAtIndex(JAVA_LONG, 0, buffer.address() + offset);
    part.setAtIndex(JAVA_LONG, 1, length);
  }
}
