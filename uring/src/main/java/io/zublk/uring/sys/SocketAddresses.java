package io.zublk.uring.sys;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Addresses of sockets as the kernel knows them (include/uapi/linux/in.h, in6.h and un.h). */
final class SocketAddresses {

  static final int AF_UNIX = 1;
  static final int AF_INET = 2;
  static final int AF_INET6 = 10;

  /** The longest of those below, sockaddr_un. */
  static final int MAX_BYTES = 110;

  private static final ValueLayout.OfShort PORT = JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);
  private static final int PORT_OFFSET = 2;
  private static final int IPV4_BYTES = 16;
  private static final int IPV4_OFFSET = 4;
  private static final int IPV6_BYTES = 28;
  private static final int IPV6_OFFSET = 8;
  private static final int IPV6_SCOPE_OFFSET = 24;
  private static final int PATH_OFFSET = 2;

  private SocketAddresses() {}

  static int family(SocketAddress address) {
    return switch (address) {
      case UnixDomainSocketAddress _ -> AF_UNIX;
      case InetSocketAddress inet when inet.getAddress() instanceof Inet4Address -> AF_INET;
      case InetSocketAddress inet when inet.getAddress() instanceof Inet6Address -> AF_INET6;
      default -> throw new IllegalArgumentException("no address of a stream: " + address);
    };
  }

  static MemorySegment encode(SocketAddress address, Arena arena) {
    int family = family(address);
    MemorySegment bytes;
    if (address instanceof UnixDomainSocketAddress unix) {
      byte[] path = unix.getPath().toString().getBytes(StandardCharsets.UTF_8);
      if (path.length + PATH_OFFSET >= MAX_BYTES) {
        throw new IllegalArgumentException("a path of " + path.length + " bytes: " + unix);
      }
      bytes = arena.allocate(PATH_OFFSET + path.length + 1L, Long.BYTES); // with a zero at the end
      MemorySegment.copy(path, 0, bytes, JAVA_BYTE, PATH_OFFSET, path.length);
    } else {
      InetSocketAddress inet = (InetSocketAddress) address;
      byte[] host = inet.getAddress().getAddress();
      boolean isShort = family == AF_INET;
      bytes = arena.allocate(isShort ? IPV4_BYTES : IPV6_BYTES, Long.BYTES);
      bytes.set(PORT, PORT_OFFSET, (short) inet.getPort());
      MemorySegment.copy(
          host, 0, bytes, JAVA_BYTE, isShort ? IPV4_OFFSET : IPV6_OFFSET, host.length);
      if (inet.getAddress() instanceof Inet6Address ipv6) {
        bytes.set(JAVA_INT, IPV6_SCOPE_OFFSET, ipv6.getScopeId());
      }
    }
    bytes.set(JAVA_SHORT, 0, (short) family);
    return bytes;
  }

  /** An address of IPv4 or IPv6; null for one of another family. */
  static InetSocketAddress decode(MemorySegment address) {
    int family = address.get(JAVA_SHORT, 0);
    if (family != AF_INET && family != AF_INET6) {
      return null;
    }
    boolean isShort = family == AF_INET;
    byte[] host = new byte[isShort ? 4 : 16];
    MemorySegment.copy(
        address, JAVA_BYTE, isShort ? IPV4_OFFSET : IPV6_OFFSET, host, 0, host.length);
    try {
      // One of IPv4 that came to a socket of IPv6 is one of IPv4 here.
      return new InetSocketAddress(InetAddress.getByAddress(host), port(address));
    } catch (UnknownHostException e) {
      throw new AssertionError("only the length of an address can be wrong", e);
    }
  }

  /** The port in an address of IPv4 or IPv6. */
  static int port(MemorySegment address) {
    return address.get(PORT, PORT_OFFSET) & 0xffff;
  }
}
