package io.zublk.vhost.memory;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A client's memory at one time: some regions, by the addresses that are in descriptors. Nothing in
 * it can be relied on: the client changes its bytes at any moment, and may cut their file, after
 * which an access ends as {@link GuestFault} says. So bytes are copied out before they are looked
 * at, and no native code gets an address in it.
 *
 * <p>Immutable; for any thread. Copying allocates nothing.
 */
public final class GuestMemory {

  /** As many regions as libblkio makes; QEMU has up to 509 slots too. */
  public static final int MAX_REGIONS = 509;

  /** That of a client that has shown none. */
  public static final GuestMemory NONE = new GuestMemory(List.of());

  /** By guest address. */
  private final List<MappedRegion> regions;

  private final long[] starts;
  private final MemorySegment[] memory;

  private GuestMemory(List<MappedRegion> regions) {
    this.regions = regions;
    this.starts = regions.stream().mapToLong(r -> r.region().guestAddress()).toArray();
    this.memory = regions.stream().map(MappedRegion::memory).toArray(MemorySegment[]::new);
  }

  /**
   * This and one region more.
   *
   * @throws IOException if it overlaps another one, or there are too many
   */
  public GuestMemory with(MappedRegion added) throws IOException {
    if (regions.size() == MAX_REGIONS) {
      throw new IOException("more memory regions than " + MAX_REGIONS);
    }
    for (MappedRegion other : regions) {
      if (other.region().overlaps(added.region())) {
        throw new IOException(
            "memory regions overlap: " + added.region() + " and " + other.region());
      }
    }
    List<MappedRegion> all = new ArrayList<>(regions);
    all.add(added);
    all.sort(Comparator.comparing(r -> r.region().guestAddress(), Long::compareUnsigned));
    return new GuestMemory(List.copyOf(all));
  }

  /** This without a region. */
  public GuestMemory without(MappedRegion removed) {
    return new GuestMemory(regions.stream().filter(r -> !r.equals(removed)).toList());
  }

  /** The regions, by guest address. */
  public List<MappedRegion> regions() {
    return regions;
  }

  /**
   * The region that a client means; where in a file it begins does not matter.
   *
   * @return null if there is none
   */
  public MappedRegion find(Region wanted) {
    for (MappedRegion candidate : regions) {
      Region region = candidate.region();
      if (region.guestAddress() == wanted.guestAddress()
          && region.userAddress() == wanted.userAddress()
          && region.bytes() == wanted.bytes()) {
        return candidate;
      }
    }
    return null;
  }

  /**
   * The bytes at a user address; they must lie in one region. Allocates.
   *
   * @return null if they do not
   */
  public MemorySegment ofUser(long userAddress, long bytes) {
    for (MappedRegion candidate : regions) {
      Region region = candidate.region();
      long at = userAddress - region.userAddress();
      if (Long.compareUnsigned(at, region.bytes()) < 0 && bytes <= region.bytes() - at) {
        return candidate.memory().asSlice(at, bytes);
      }
    }
    return null;
  }

  /**
   * Copies bytes of it. {@link GuestFault#raise} must come before they are used.
   *
   * @return false if some of them are in no region; others may have been copied then
   */
  public boolean read(long address, MemorySegment to, long offset, long bytes) {
    long from = address;
    long at = offset;
    long left = bytes;
    while (left > 0) {
      int index = indexOf(from);
      if (index < 0) {
        return false;
      }
      long within = from - starts[index];
      long part = Math.min(left, memory[index].byteSize() - within);
      MemorySegment.copy(memory[index], within, to, at, part);
      from += part;
      at += part;
      left -= part;
    }
    return true;
  }

  /**
   * Copies bytes into it. {@link GuestFault#raise} must come before anything else is done.
   *
   * @return false if some of them are in no region; others may have been copied then
   */
  public boolean write(long address, MemorySegment from, long offset, long bytes) {
    long to = address;
    long at = offset;
    long left = bytes;
    while (left > 0) {
      int index = indexOf(to);
      if (index < 0) {
        return false;
      }
      long within = to - starts[index];
      long part = Math.min(left, memory[index].byteSize() - within);
      MemorySegment.copy(from, at, memory[index], within, part);
      to += part;
      at += part;
      left -= part;
    }
    return true;
  }

  /** As {@link #write(long, MemorySegment, long, long)}, of one byte. */
  public boolean write(long address, byte value) {
    int index = indexOf(address);
    if (index < 0) {
      return false;
    }
    GuestWords.setU8(memory[index], address - starts[index], value);
    return true;
  }

  /** The region that an address is in, or -1. */
  private int indexOf(long address) {
    int low = 0;
    int high = starts.length - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (Long.compareUnsigned(starts[middle], address) <= 0) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    boolean isInside =
        high >= 0 && Long.compareUnsigned(address - starts[low], memory[low].byteSize()) < 0;
    return isInside ? low : -1;
  }
}
