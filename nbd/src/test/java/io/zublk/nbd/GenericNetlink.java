package io.zublk.nbd;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.LinuxSocket;
import io.zublk.uring.sys.Syscall;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * Commands to a part of the kernel, and what it tells a group of listeners: one of the families of
 * generic netlink. Only for x86, as guests are. One thread's.
 *
 * <p>Numbers: include/uapi/linux/netlink.h and genetlink.h. All integers are the machine's own.
 */
final class GenericNetlink implements AutoCloseable {

  private static final int SYS_SOCKET = 41;
  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW = 3;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int NETLINK_GENERIC = 16;
  private static final int SOL_NETLINK = 270;
  private static final int NETLINK_ADD_MEMBERSHIP = 1;

  private static final int NLMSG_ERROR = 2;
  private static final int NLM_F_REQUEST = 1;
  private static final int NLM_F_ACK = 4;
  private static final int HEADER_BYTES = 16;
  private static final int COMMAND_BYTES = 4;

  // The family of families.
  private static final int GENL_ID_CTRL = 0x10;
  private static final int CTRL_CMD_GETFAMILY = 3;
  private static final int CTRL_ATTR_FAMILY_ID = 1;
  private static final int CTRL_ATTR_FAMILY_NAME = 2;
  private static final int CTRL_ATTR_MCAST_GROUPS = 7;
  private static final int CTRL_ATTR_MCAST_GRP_ID = 2;

  /** More than any message here has. */
  private static final int MESSAGE_BYTES = 8192;

  /** A command, or what was told, and its attributes by their numbers. */
  record Message(int command, Map<Integer, ByteBuffer> attributes) {

    int number(int attribute) throws IOException {
      ByteBuffer value = attributes.get(attribute);
      if (value == null) {
        throw new IOException("no attribute " + attribute + " in what the kernel says");
      }
      return value.remaining() == Short.BYTES ? value.getShort(0) & 0xffff : value.getInt(0);
    }
  }

  /** Attributes to send, each of which is padded to four bytes. */
  static final class Attributes {

    private final ByteBuffer bytes = buffer(MESSAGE_BYTES / 2);

    Attributes put(int attribute, byte[] value) {
      bytes.putShort((short) (4 + value.length)).putShort((short) attribute).put(value);
      bytes.position((bytes.position() + 3) & -4);
      return this;
    }

    Attributes putInt(int attribute, int value) {
      return put(attribute, buffer(Integer.BYTES).putInt(value).array());
    }

    Attributes putLong(int attribute, long value) {
      return put(attribute, buffer(Long.BYTES).putLong(value).array());
    }

    byte[] toBytes() {
      byte[] all = new byte[bytes.position()];
      bytes.get(0, all);
      return all;
    }
  }

  private final LinuxSocket socket;
  private final Message family;

  /** Of a family that the kernel has by this name. */
  GenericNetlink(String name) throws IOException {
    int type = SOCK_RAW | SOCK_CLOEXEC;
    long fd = Syscall.call(SYS_SOCKET, AF_NETLINK, type, NETLINK_GENERIC, 0, 0, 0);
    socket = LinuxSocket.adopt("netlink", (int) Syscall.check("socket of netlink", fd));
    byte[] zeroTerminated = (name + "\0").getBytes(StandardCharsets.US_ASCII);
    Attributes wanted = new Attributes().put(CTRL_ATTR_FAMILY_NAME, zeroTerminated);
    family = exchange(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, wanted);
  }

  /** Listens to the family's first group from now on; {@link #listen} says what comes. */
  void join() throws IOException {
    ByteBuffer groups = family.attributes().get(CTRL_ATTR_MCAST_GROUPS);
    if (groups == null) {
      throw new IOException("the family has no groups");
    }
    ByteBuffer first = attributes(groups.duplicate().order(groups.order())).get(1);
    int id = attributes(first).get(CTRL_ATTR_MCAST_GRP_ID).getInt(0);
    socket.setOption(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, id);
  }

  /** Waits for the next thing that the group is told. */
  Message listen() throws IOException {
    return message(receive());
  }

  /** Carries a command out. */
  void command(int command, Attributes attributes) throws IOException {
    exchange(family.number(CTRL_ATTR_FAMILY_ID), command, attributes);
  }

  /** The kernel may answer, and then says how it went; null without an answer. */
  private Message exchange(int type, int command, Attributes attributes) throws IOException {
    byte[] payload = attributes.toBytes();
    byte[] bytes = new byte[HEADER_BYTES + COMMAND_BYTES + payload.length];
    ByteBuffer request = order(ByteBuffer.wrap(bytes));
    request.putInt(bytes.length).putShort((short) type);
    request.putShort((short) (NLM_F_REQUEST | NLM_F_ACK)).putInt(0).putInt(0);
    request.put((byte) command).put((byte) 1).putShort((short) 0).put(payload);
    try (Arena arena = Arena.ofConfined()) {
      socket.sendAll(arena.allocateFrom(JAVA_BYTE, bytes));
    }
    Message answer = null;
    while (true) {
      ByteBuffer received = receive();
      if (received.getShort(4) != NLMSG_ERROR) {
        answer = message(received);
        continue;
      }
      int error = -received.getInt(HEADER_BYTES);
      if (error != 0) {
        throw new LinuxException("netlink command " + command, error);
      }
      return answer;
    }
  }

  /** The kernel sends each message for itself. */
  private ByteBuffer receive() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(MESSAGE_BYTES);
      long length = Syscall.check("receive", socket.receive(bytes, 0, MESSAGE_BYTES));
      return order(ByteBuffer.wrap(bytes.asSlice(0, length).toArray(JAVA_BYTE)));
    }
  }

  private static Message message(ByteBuffer received) {
    int length = received.getInt(0);
    ByteBuffer payload =
        received.slice(HEADER_BYTES + COMMAND_BYTES, length - HEADER_BYTES - COMMAND_BYTES);
    return new Message(received.get(HEADER_BYTES), attributes(order(payload)));
  }

  private static Map<Integer, ByteBuffer> attributes(ByteBuffer bytes) {
    Map<Integer, ByteBuffer> all = new HashMap<>();
    for (int at = 0; at + 4 <= bytes.limit(); ) {
      int length = bytes.getShort(at) & 0xffff;
      int attribute = bytes.getShort(at + 2) & 0x3fff; // without its flags
      all.put(attribute, order(bytes.slice(at + 4, length - 4)));
      at += (length + 3) & -4;
    }
    return all;
  }

  private static ByteBuffer buffer(int bytes) {
    return order(ByteBuffer.allocate(bytes));
  }

  private static ByteBuffer order(ByteBuffer bytes) {
    return bytes.order(ByteOrder.nativeOrder());
  }

  @Override
  public void close() {
    socket.close();
  }
}
