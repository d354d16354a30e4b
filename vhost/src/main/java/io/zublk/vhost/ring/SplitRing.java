package io.zublk.vhost.ring;

import io.zublk.vhost.memory.GuestWords;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * A split virtqueue, seen by the device (virtio 1.2, 2.7): the client makes chains of descriptors
 * available, the device gives them back used. Indexes run freely modulo 2^16.
 *
 * <p>Each field that the client writes is read once, and {@link
 * io.zublk.vhost.memory.GuestFault#raise} must come before what was read is used. For one thread at
 * a time. Allocates nothing.
 */
public final class SplitRing {

  /** The most entries a ring has (2.7). */
  public static final int MAX_SIZE = 32768;

  static final int DESCRIPTOR_BYTES = 16;

  private static final int AVAILABLE_FLAGS = 0;
  private static final int NO_INTERRUPT = 1;
  private static final int USED_FLAGS = 0;
  private static final int NO_NOTIFY = 1;
  private static final int INDEX = 2;
  private static final int ENTRIES = 4;
  private static final int USED_ENTRY_BYTES = 8;

  private static final int U16 = 0xffff;

  private final int size;
  private final boolean eventIndex;
  private MemorySegment descriptors;
  private MemorySegment available;
  private MemorySegment used;

  private int taken;
  private int given;
  private int published;

  /** The used index when the client was last considered for a call. */
  private int considered;

  /**
   * A ring that begins where the client says, and where its used ring is.
   *
   * @param size its entries, a power of two to {@link #MAX_SIZE}
   * @param first the available index of the first chain to take
   * @param eventIndex whether EVENT_IDX was negotiated
   */
  public SplitRing(int size, Areas areas, int first, boolean eventIndex) {
    this.size = size;
    this.eventIndex = eventIndex;
    setAreas(areas);
    this.taken = first & U16;
    this.given = usedIndex();
    this.published = given;
    this.considered = given;
  }

  /**
   * Where a ring's three parts are.
   *
   * @param descriptors 16 bytes for each entry
   * @param available 6 bytes, and 2 for each entry
   * @param used 6 bytes, and 8 for each entry
   */
  public record Areas(MemorySegment descriptors, MemorySegment available, MemorySegment used) {

    /** How many bytes the descriptors of a ring take. */
    public static long descriptorBytes(int size) {
      return (long) size * DESCRIPTOR_BYTES;
    }

    /** How many bytes the available ring takes, with the event that follows it. */
    public static long availableBytes(int size) {
      return ENTRIES + (long) size * Short.BYTES + Short.BYTES;
    }

    /** How many bytes the used ring takes, with the event that follows it. */
    public static long usedBytes(int size) {
      return ENTRIES + (long) size * USED_ENTRY_BYTES + Short.BYTES;
    }

    /** Whether they lie as the CPU, and the specification, want them. */
    public boolean areAligned() {
      return (descriptors.address() & DESCRIPTOR_BYTES - 1) == 0
          && (available.address() & Short.BYTES - 1) == 0
          && (used.address() & Integer.BYTES - 1) == 0;
    }
  }

  /** Goes on in other mappings of the same areas. */
  public void setAreas(Areas areas) {
    descriptors = areas.descriptors;
    available = areas.available;
    used = areas.used;
  }

  int size() {
    return size;
  }

  MemorySegment descriptors() {
    return descriptors;
  }

  /** The available index of the chain to be taken next. */
  public int next() {
    return taken;
  }

  /** Goes on at another chain. */
  public void setNext(int index) {
    taken = index & U16;
  }

  /** The used index as it is in memory. */
  public int usedIndex() {
    return GuestWords.u16(used, INDEX);
  }

  // ---- from the client

  /** Whether there are chains to take, or the ring is broken. */
  public boolean isReady() {
    return availableIndex() != taken;
  }

  /** How many chains can be taken. */
  public int ready() throws BrokenRingException {
    int count = availableIndex() - taken & U16;
    if (count > size) {
      throw new BrokenRingException(
          "it has " + count + " chains at once in a ring of " + size + " entries");
    }
    return count;
  }

  private int availableIndex() {
    return GuestWords.u16(available, INDEX);
  }

  /** Takes a chain, one of those that are {@link #ready}; returns its first descriptor. */
  public int take() throws BrokenRingException {
    long slot = taken & size - 1;
    int head = GuestWords.u16(available, ENTRIES + slot * Short.BYTES);
    requireHead(head);
    taken = taken + 1 & U16;
    return head;
  }

  /** Makes sure that a number is one of a descriptor. */
  public void requireHead(int head) throws BrokenRingException {
    if (head >= size) {
      throw new BrokenRingException("a chain begins at descriptor " + head + " of " + size);
    }
  }

  // ---- to the client

  /**
   * Gives a chain back; the client sees it when it is published.
   *
   * @param bytes how many the device has written into it
   */
  public void give(int head, int bytes) {
    long entry = ENTRIES + (long) (given & size - 1) * USED_ENTRY_BYTES;
    GuestWords.setU32(used, entry, head);
    GuestWords.setU32(used, entry + Integer.BYTES, bytes);
    given = given + 1 & U16;
  }

  /** Lets the client see what was given. */
  public void publish() {
    GuestWords.setU16(used, INDEX, given);
    published = given;
  }

  /** The used index that the client sees. */
  public int published() {
    return published;
  }

  /** Whether the client wants to be called for what was published since this was asked last. */
  public boolean wantsCall() {
    int before = considered;
    considered = published;
    VarHandle.fullFence(); // the client may be about to sleep: one of us sees what the other wrote
    if (!eventIndex) {
      return (GuestWords.u16(available, AVAILABLE_FLAGS) & NO_INTERRUPT) == 0;
    }
    long event = ENTRIES + (long) size * Short.BYTES;
    int wanted = GuestWords.u16(available, event);
    return (published - wanted - 1 & U16) < (published - before & U16);
  }

  // ---- kicks

  /** Asks the client to kick for the next chain. Whoever asks looks once more before it sleeps. */
  public void wantKicks() {
    if (eventIndex) {
      long event = ENTRIES + (long) size * USED_ENTRY_BYTES;
      GuestWords.setU16(used, event, taken);
    } else {
      GuestWords.setU16(used, USED_FLAGS, 0);
    }
    VarHandle.fullFence();
  }

  /** Tells the client not to kick; it may do so all the same. */
  public void wantNoKicks() {
    if (!eventIndex) { // else the event is behind the client before long
      GuestWords.setU16(used, USED_FLAGS, NO_NOTIFY);
    }
  }
}
