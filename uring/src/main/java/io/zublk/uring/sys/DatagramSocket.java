package io.zublk.uring.sys;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * A socket for messages between processes of one machine, with a name in the file system or, if
 * that begins with {@code @}, beside it (unix(7)). Java has no such sockets.
 */
public final class DatagramSocket implements AutoCloseable {

  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_CLOEXEC = 0x80000;

  private static final int PATH_OFFSET = 2;
  private static final int MOST_PATH_BYTES = SocketAddresses.MAX_BYTES - PATH_OFFSET;

  private final int fd;

  /** One without a name, that sends. */
  public DatagramSocket() throws LinuxException {
    int type = SOCK_DGRAM | SOCK_CLOEXEC;
    long result = Syscall.call(Syscall.SOCKET, SocketAddresses.AF_UNIX, type, 0, 0);
    fd = (int) Syscall.check("socket", result);
  }

  /** Gives it a name, under which it receives. */
  public void bind(String name) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = address(name, arena);
      long result = Syscall.call(Syscall.BIND, fd, address.address(), address.byteSize(), 0);
      Syscall.check("bind " + name, result);
    }
  }

  /** Sends a message to the socket of a name, and waits until there is room for it. */
  public void send(String name, byte[] message) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocateFrom(JAVA_BYTE, message);
      MemorySegment to = address(name, arena);
      long result =
          Syscall.call(
              Syscall.SENDTO,
              fd,
              bytes.address(),
              bytes.byteSize(),
              LinuxSocket.MSG_NOSIGNAL,
              to.address(),
              to.byteSize());
      Syscall.check("send to " + name, result);
    }
  }

  /** Waits for a message; what it has beyond so many bytes is lost. */
  public byte[] receive(int mostBytes) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(mostBytes);
      long result = Syscall.call(Syscall.RECVFROM, fd, bytes.address(), bytes.byteSize(), 0, 0, 0);
      long received = Syscall.check("receive", result);
      return bytes.asSlice(0, received).toArray(JAVA_BYTE);
    }
  }

  private static MemorySegment address(String name, Arena arena) throws LinuxException {
    byte[] path = name.getBytes(StandardCharsets.UTF_8);
    if (path.length == 0 || path.length > MOST_PATH_BYTES) {
      throw new LinuxException(
          "a name of %d bytes: %s".formatted(path.length, name), Errnos.EINVAL);
    }
    if (path[0] == '@') {
      path[0] = 0;
    }
    MemorySegment address = arena.allocate(PATH_OFFSET + (long) path.length, Short.BYTES);
    address.set(JAVA_SHORT, 0, (short) SocketAddresses.AF_UNIX);
    MemorySegment.copy(path, 0, address, JAVA_BYTE, PATH_OFFSET, path.length);
    return address;
  }

  @Override
  public void close() {
    Syscall.call(Syscall.CLOSE, fd, 0);
  }
}
