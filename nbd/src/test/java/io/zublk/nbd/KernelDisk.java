package io.zublk.nbd;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.zublk.uring.sys.LinuxSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/**
 * The program beside the kernel's NBD client: it has that make a disk of an export, and gives it
 * another connection whenever one is lost. {@code KernelDisk ADDRESS NUMBER RESEND PATIENCE}: the
 * disk is {@code /dev/nbdNUMBER}; what was under way on a lost connection is sent again so many
 * seconds after it was sent first, and what comes in between waits for so many at most. Says which
 * disk it is, and {@code connected again} each time; a line of input ends disk and program.
 *
 * <p>nbd-client does the same with {@code -persist}, but only since 3.27: before, what waits fails
 * when the connection is lost. Numbers: include/uapi/linux/nbd-netlink.h.
 */
final class KernelDisk {

  private static final int CMD_CONNECT = 1;
  private static final int CMD_DISCONNECT = 2;
  private static final int CMD_RECONFIGURE = 3;
  private static final int CMD_LINK_DEAD = 4;

  private static final int ATTR_INDEX = 1;
  private static final int ATTR_SIZE_BYTES = 2;
  private static final int ATTR_BLOCK_SIZE_BYTES = 3;
  private static final int ATTR_TIMEOUT = 4;
  private static final int ATTR_SERVER_FLAGS = 5;
  private static final int ATTR_SOCKETS = 7;
  private static final int ATTR_DEAD_CONN_TIMEOUT = 8;
  private static final int SOCK_ITEM = 1;
  private static final int SOCK_FD = 1;

  private static final int BLOCK_BYTES = 4096;

  /** What must be the same whenever one connects. */
  private record Export(long sizeBytes, int flags) {}

  private final NbdAddress address;
  private final int number;
  private final int resendSeconds;
  private final int patienceSeconds;
  private Export export;

  private KernelDisk(NbdAddress address, int number, int resendSeconds, int patienceSeconds) {
    this.address = address;
    this.number = number;
    this.resendSeconds = resendSeconds;
    this.patienceSeconds = patienceSeconds;
  }

  /** Ends with a trace if the kernel or the server wants something else. */
  public static void main(String[] arguments) throws Exception {
    KernelDisk disk =
        new KernelDisk(
            NbdAddress.parse(arguments[0]),
            Integer.parseInt(arguments[1]),
            Integer.parseInt(arguments[2]),
            Integer.parseInt(arguments[3]));
    try (GenericNetlink listener = new GenericNetlink("nbd")) {
      listener.join();
      disk.connect();
      System.out.println("/dev/nbd" + disk.number);
      Thread.ofPlatform().daemon().start(disk::disconnectWhenTold);
      while (true) {
        GenericNetlink.Message told = listener.listen();
        if (told.command() == CMD_LINK_DEAD && told.number(ATTR_INDEX) == disk.number) {
          disk.connectAgain();
          System.out.println("connected again");
        }
      }
    }
  }

  private void connect() throws IOException {
    try (LinuxSocket server = LinuxSocket.connect(address.socketAddress())) {
      export = shakeHands(server);
      command(
          CMD_CONNECT,
          withSocket(server)
              .putLong(ATTR_SIZE_BYTES, export.sizeBytes())
              .putLong(ATTR_BLOCK_SIZE_BYTES, BLOCK_BYTES)
              .putLong(ATTR_SERVER_FLAGS, export.flags())
              .putLong(ATTR_TIMEOUT, resendSeconds)
              .putLong(ATTR_DEAD_CONN_TIMEOUT, patienceSeconds));
    } // the kernel has its own hold on the connection
  }

  /** Another server comes soon, or the kernel gives up; it may die, too. */
  private void connectAgain() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(patienceSeconds);
    while (true) {
      try (LinuxSocket server = LinuxSocket.connect(address.socketAddress())) {
        Export now = shakeHands(server);
        if (!now.equals(export)) {
          throw new IllegalStateException("the server has " + now + ", and had " + export);
        }
        command(CMD_RECONFIGURE, withSocket(server));
        return;
      } catch (IOException e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
        TimeUnit.MILLISECONDS.sleep(10);
      }
    }
  }

  private GenericNetlink.Attributes withSocket(LinuxSocket server) {
    byte[] file = new GenericNetlink.Attributes().putInt(SOCK_FD, server.fd()).toBytes();
    byte[] item = new GenericNetlink.Attributes().put(SOCK_ITEM, file).toBytes();
    return new GenericNetlink.Attributes().putInt(ATTR_INDEX, number).put(ATTR_SOCKETS, item);
  }

  private static void command(int command, GenericNetlink.Attributes attributes)
      throws IOException {
    try (GenericNetlink kernel = new GenericNetlink("nbd")) {
      kernel.command(command, attributes);
    }
  }

  private void disconnectWhenTold() {
    try {
      int _ = System.in.read();
      command(CMD_DISCONNECT, new GenericNetlink.Attributes().putInt(ATTR_INDEX, number));
      Runtime.getRuntime().halt(0);
    } catch (IOException e) {
      System.out.println("not disconnected: " + e);
      Runtime.getRuntime().halt(1);
    }
  }

  /** The oldest way is enough: the kernel speaks plain replies only. */
  private static Export shakeHands(LinuxSocket server) throws IOException {
    ByteBuffer greeting = receive(server, 18);
    if (greeting.getLong() != NbdProtocol.MAGIC || greeting.getLong() != NbdProtocol.OPTION_MAGIC) {
      throw new IOException("not a newstyle greeting");
    }
    ByteBuffer answer = ByteBuffer.allocate(20);
    answer.putInt(NbdProtocol.FLAG_FIXED_NEWSTYLE | NbdProtocol.FLAG_NO_ZEROES);
    answer.putLong(NbdProtocol.OPTION_MAGIC).putInt(NbdProtocol.OPT_EXPORT_NAME).putInt(0);
    try (Arena arena = Arena.ofConfined()) {
      server.sendAll(arena.allocateFrom(JAVA_BYTE, answer.array()));
    }
    ByteBuffer found = receive(server, 10);
    return new Export(found.getLong(), found.getShort() & 0xffff);
  }

  private static ByteBuffer receive(LinuxSocket server, int bytes) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment received = arena.allocate(bytes);
      server.receiveAll(received);
      return ByteBuffer.wrap(received.toArray(JAVA_BYTE));
    }
  }
}
