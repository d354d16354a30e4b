package io.zublk.uring.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * A stream socket of the kernel, of TCP or in the file system. What Java's own lack: another
 * process can be given one ({@link #sendFiles}), and go on with it ({@link #adopt}).
 *
 * <p>One thread may receive while others send. {@link #shutDown} gets them out of that, from any
 * thread and at any time; {@link #close} must follow when they have left. Constants are
 * include/uapi/asm-generic/socket.h, linux/socket.h, tcp.h and in6.h.
 */
public final class LinuxSocket implements AutoCloseable {

  /** {@link #shutDown}: nothing more is sent, which the other end learns. */
  public static final int SHUT_WR = 1;

  /** {@link #shutDown}: nothing more is sent or received. */
  public static final int SHUT_RDWR = 2;

  public static final int SOL_SOCKET = 1;
  public static final int SO_REUSEADDR = 2;
  public static final int SO_SNDBUF = 7;
  public static final int SO_KEEPALIVE = 9;
  public static final int IPPROTO_TCP = 6;
  public static final int TCP_NODELAY = 1;
  public static final int TCP_KEEPIDLE = 4;
  public static final int TCP_KEEPINTVL = 5;
  public static final int TCP_KEEPCNT = 6;

  /** So many files at most are sent at a time (SCM_MAX_FD in include/net/scm.h). */
  public static final int MAX_FILES = 253;

  private static final int SO_PEERCRED = 17;
  private static final int SO_DOMAIN = 39;
  private static final int SO_RCVTIMEO = 20;
  private static final int SO_SNDTIMEO = 21;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPV6_V6ONLY = 26;

  private static final int SOCK_STREAM = 1;
  private static final int SOCK_NONBLOCK = 0x800;
  private static final int SOCK_CLOEXEC = 0x80000;

  static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int SIOCOUTQ = 0x5411;

  private final String name;
  private final int fd;

  // Guarded by this: that nobody shuts down what has the same number afterwards.
  private boolean closed;

  private LinuxSocket(String name, int fd) {
    this.name = name;
    this.fd = fd;
  }

  // ---- where they come from

  /**
   * Makes a socket of an address's family that will listen: it never blocks, and one of IPv6 is for
   * clients of IPv4 too where its address includes theirs.
   */
  public static LinuxSocket openListening(SocketAddress address) throws LinuxException {
    int family = SocketAddresses.family(address);
    LinuxSocket socket = open(family, SOCK_NONBLOCK);
    try {
      if (family != SocketAddresses.AF_UNIX) {
        socket.setOption(SOL_SOCKET, SO_REUSEADDR, 1);
      }
      if (family == SocketAddresses.AF_INET6) {
        socket.setOption(IPPROTO_IPV6, IPV6_V6ONLY, 0);
      }
      return socket;
    } catch (LinuxException e) {
      socket.close();
      throw e;
    }
  }

  /** Connects to who listens at an address. */
  public static LinuxSocket connect(SocketAddress address) throws LinuxException {
    LinuxSocket socket = open(SocketAddresses.family(address), 0);
    try {
      socket.withAddress("connect", Syscall.CONNECT, address);
      return socket;
    } catch (LinuxException e) {
      socket.close();
      throw e;
    }
  }

  private static LinuxSocket open(int family, int flags) throws LinuxException {
    long result = Syscall.call(Syscall.SOCKET, family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0, 0);
    return new LinuxSocket("socket", (int) Syscall.check("socket", result));
  }

  /** Two that are connected with each other. */
  public static LinuxSocket[] pair() throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment both = arena.allocate(JAVA_INT, 2);
      int type = SOCK_STREAM | SOCK_CLOEXEC;
      long result =
          Syscall.call(Syscall.SOCKETPAIR, SocketAddresses.AF_UNIX, type, 0, both.address());
      Syscall.check("socketpair", result);
      return new LinuxSocket[] {
        adopt("one end", both.getAtIndex(JAVA_INT, 0)),
        adopt("the other end", both.getAtIndex(JAVA_INT, 1))
      };
    }
  }

  /** Takes over a descriptor that another call or process made; {@code name} is for messages. */
  public static LinuxSocket adopt(String name, int fd) {
    return new LinuxSocket(name, fd);
  }

  /** The socket's descriptor. */
  public int fd() {
    return fd;
  }

  // ---- listening

  /**
   * Sets the most permissions that its file will have once it is bound, less the process's umask
   * (net/unix/af_unix.c makes the file with the socket's own mode).
   */
  void setMode(int mode) throws LinuxException {
    Syscall.check("fchmod", Syscall.call(Syscall.FCHMOD, fd, mode));
  }

  /** Gives it its address. */
  public void bind(SocketAddress address) throws LinuxException {
    withAddress("bind", Syscall.BIND, address);
  }

  private void withAddress(String what, int call, SocketAddress address) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment encoded = SocketAddresses.encode(address, arena);
      long result = Syscall.call(call, fd, encoded.address(), encoded.byteSize(), 0);
      Syscall.check(what + " " + address, result);
    }
  }

  /** Lets clients come, of whom so many may wait to be accepted. */
  public void listen(int backlog) throws LinuxException {
    Syscall.check("listen", Syscall.call(Syscall.LISTEN, fd, backlog));
  }

  /**
   * Accepts a client.
   *
   * @return null if none waits, or the one that did has left
   */
  public LinuxSocket accept() throws LinuxException {
    long result = Syscall.call(Syscall.ACCEPT4, fd, 0, 0, SOCK_CLOEXEC);
    if (result == -Errnos.EAGAIN || result == -Errnos.EINTR || result == -Errnos.ECONNABORTED) {
      return null;
    }
    return new LinuxSocket("client", (int) Syscall.check("accept4", result));
  }

  /** The port that a socket of TCP is bound to. */
  public int localPort() throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      return SocketAddresses.port(address("getsockname", Syscall.GETSOCKNAME, arena));
    }
  }

  /**
   * The address at the other end.
   *
   * @return null if the socket is none of TCP
   * @throws LinuxException ENOTCONN also if that end is gone already
   */
  public InetSocketAddress peerAddress() throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      return SocketAddresses.decode(address("getpeername", Syscall.GETPEERNAME, arena));
    }
  }

  private MemorySegment address(String call, int number, Arena arena) throws LinuxException {
    MemorySegment address = arena.allocate(SocketAddresses.MAX_BYTES, Long.BYTES);
    MemorySegment length = arena.allocateFrom(JAVA_INT, SocketAddresses.MAX_BYTES);
    long result = Syscall.call(number, fd, address.address(), length.address(), 0);
    Syscall.check(call, result);
    return address;
  }

  // ---- options

  /** Sets an option that is a number. */
  public void setOption(int level, int option, int value) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      setOption(level, option, arena.allocateFrom(JAVA_INT, value));
    }
  }

  private void setOption(int level, int option, MemorySegment value) throws LinuxException {
    long result =
        Syscall.call(Syscall.SETSOCKOPT, fd, level, option, value.address(), value.byteSize(), 0);
    Syscall.check("setsockopt " + option + " of " + name, result);
  }

  /** An option that is a number. */
  public int option(int level, int option) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(JAVA_INT);
      option(level, option, value);
      return value.get(JAVA_INT, 0);
    }
  }

  private void option(int level, int option, MemorySegment value) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment length = arena.allocateFrom(JAVA_INT, (int) value.byteSize());
      long result =
          Syscall.call(Syscall.GETSOCKOPT, fd, level, option, value.address(), length.address(), 0);
      Syscall.check("getsockopt " + option + " of " + name, result);
    }
  }

  /**
   * The process that connected a unix socket, or listened when it was connected to; 0 if this
   * process's namespace has no number for it.
   */
  public int peerProcess() throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment credentials = arena.allocate(JAVA_INT, 3); // struct ucred: pid, uid, gid
      option(SOL_SOCKET, SO_PEERCRED, credentials);
      return credentials.get(JAVA_INT, 0);
    }
  }

  /** Whether it is a socket at all, and one of unix. */
  public boolean isUnix() {
    try {
      return option(SOL_SOCKET, SO_DOMAIN) == SocketAddresses.AF_UNIX;
    } catch (LinuxException _) {
      return false;
    }
  }

  /** {@link #receive} waits no longer than this and then says EAGAIN; the kernel rounds it up. */
  public void setReceiveTimeout(int millis) throws LinuxException {
    setTimeout(SO_RCVTIMEO, millis);
  }

  /** What sends, files too, waits no longer than this for room, and then fails with EAGAIN. */
  public void setSendTimeout(int millis) throws LinuxException {
    setTimeout(SO_SNDTIMEO, millis);
  }

  private void setTimeout(int option, int millis) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment time = arena.allocate(JAVA_LONG, 2); // struct timeval
      time.setAtIndex(JAVA_LONG, 0, millis / 1000);
      time.setAtIndex(JAVA_LONG, 1, millis % 1000 * 1000L);
      setOption(SOL_SOCKET, option, time);
    }
  }

  // ---- bytes

  /**
   * Waits for bytes and receives them into native memory. Allocates nothing.
   *
   * @return the bytes received, 0 if the other end sends no more, or a negative errno
   */
  public int receive(MemorySegment buffer, long offset, long length) {
    return transfer(Syscall.RECVFROM, buffer, offset, length, 0);
  }

  /**
   * Sends from native memory, and waits until that is taken. Allocates nothing.
   *
   * @return the bytes sent, or a negative errno
   */
  public int send(MemorySegment buffer, long offset, long length) {
    return transfer(Syscall.SENDTO, buffer, offset, length, MSG_NOSIGNAL);
  }

  /**
   * As {@link #send}, but what has no room at once is not waited for, whatever others who have this
   * socket have set: EAGAIN, or fewer bytes than all.
   */
  public int sendAtOnce(MemorySegment buffer, long offset, long length) {
    return transfer(Syscall.SENDTO, buffer, offset, length, MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  private int transfer(int call, MemorySegment buffer, long offset, long length, int flags) {
    Objects.checkFromIndexSize(offset, length, buffer.byteSize());
    if (!buffer.isNative()) {
      throw new IllegalArgumentException("the kernel cannot reach memory of the Java heap");
    }
    try {
      return (int) Syscall.call(call, fd, buffer.address() + offset, length, flags, 0, 0);
    } finally {
      Reference.reachabilityFence(buffer);
    }
  }

  /** Sends all of a native segment. */
  public void sendAll(MemorySegment bytes) throws LinuxException {
    long done = 0;
    while (done < bytes.byteSize()) {
      int sent = send(bytes, done, bytes.byteSize() - done);
      if (sent != -Errnos.EINTR) {
        done += Syscall.check("send to " + name, sent);
      }
    }
  }

  /**
   * Fills all of a native segment.
   *
   * @throws EOFException if the other end closes before
   */
  public void receiveAll(MemorySegment bytes) throws IOException {
    long done = 0;
    while (done < bytes.byteSize()) {
      int received = receive(bytes, done, bytes.byteSize() - done);
      if (received == 0) {
        throw new EOFException(name + " has closed the connection");
      }
      if (received != -Errnos.EINTR) {
        done += Syscall.check("receive from " + name, received);
      }
    }
  }

  /** How many bytes were sent that the other end has not taken yet, in the kernel's own count. */
  public int unsentBytes() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(JAVA_INT);
      long result = Syscall.call(Syscall.IOCTL, fd, SIOCOUTQ, count.address(), 0);
      return result < 0 ? 0 : count.get(JAVA_INT, 0);
    }
  }

  // ---- files

  /**
   * Gives the process at the other end of a unix socket some open files, with one byte of data.
   *
   * @param fds 1 to {@link #MAX_FILES} descriptors, which stay open here
   */
  public void sendFiles(int... fds) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      fileMessages(fds.length).send(arena.allocate(1), fds);
    }
  }

  /**
   * Takes files that {@link #sendFiles} gave at the other end.
   *
   * @param count how many must come
   * @throws IOException if others come, or not all; those that came are closed then
   */
  public int[] receiveFiles(int count) throws IOException {
    FileMessages messages = fileMessages(count);
    try (Arena arena = Arena.ofConfined()) {
      int received = messages.receive(arena.allocate(1), 0, 1);
      if (received == 0) {
        throw new EOFException(name + " has closed the connection");
      }
      boolean isCut = received == -Errnos.EMFILE;
      if (!isCut) {
        Syscall.check("recvmsg of " + count + " files", received);
      }
      if (isCut || messages.files() != count) {
        String given = isCut ? "more or other" : Integer.toString(messages.files());
        messages.closeFiles();
        throw new IOException(name + " gave " + given + " files than " + count);
      }
    }
    return IntStream.range(0, count).map(messages::file).toArray();
  }

  private FileMessages fileMessages(int count) {
    if (count < 1 || count > MAX_FILES) {
      throw new IllegalArgumentException(count + " files are not 1 to " + MAX_FILES);
    }
    return new FileMessages(this, count);
  }

  // ---- the end

  /**
   * Ends sending, or everything, for all processes that have this socket. Who waits for the other
   * end here waits no longer. From any thread; without effect after {@link #close}.
   *
   * @param how {@link #SHUT_WR} or {@link #SHUT_RDWR}
   */
  public synchronized void shutDown(int how) {
    if (!closed) {
      Syscall.call(Syscall.SHUTDOWN, fd, how); // it fails if the other end is gone already
    }
  }

  /** Closes this process's descriptor, which nobody may use any more. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Syscall.call(Syscall.CLOSE, fd, 0);
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
