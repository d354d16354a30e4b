package io.zublk.vhost.memory;

/**
 * A part of a client's memory as the client describes it. Numbers are unsigned.
 *
 * @param guestAddress where it is for descriptors
 * @param bytes how large it is
 * @param userAddress where it is for the addresses of rings
 * @param mapOffset where it begins in its file, in bytes
 */
public record Region(long guestAddress, long bytes, long userAddress, long mapOffset) {

  /** Whether it is of some bytes, and no address or offset of it is beyond 2^63. */
  boolean isSound() {
    return bytes > 0
        && mapOffset >= 0
        && mapOffset <= Long.MAX_VALUE - bytes
        && isSound(guestAddress)
        && isSound(userAddress);
  }

  private boolean isSound(long start) {
    return Long.compareUnsigned(start, start + bytes - 1) <= 0;
  }

  /** Whether the two have an address in common, of either kind. */
  boolean overlaps(Region other) {
    return meet(guestAddress, bytes, other.guestAddress, other.bytes)
        || meet(userAddress, bytes, other.userAddress, other.bytes);
  }

  private static boolean meet(long a, long aBytes, long b, long bBytes) {
    return Long.compareUnsigned(b - a, aBytes) < 0 || Long.compareUnsigned(a - b, bBytes) < 0;
  }
}
