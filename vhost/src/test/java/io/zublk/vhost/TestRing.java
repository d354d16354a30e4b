package io.zublk.vhost;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.zublk.uring.sys.EventCount;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * A client's side of a split ring, at an offset of its memory, and the requests in it: slot i has
 * descriptors 3i to 3i + 2 and, where indirect, a table; a header, room for data and a status byte.
 * Allocates nothing once it is made.
 */
public final class TestRing {

  public static final int IN = 0;
  public static final int OUT = 1;
  public static final int FLUSH = 4;
  public static final int GET_ID = 8;
  public static final int DISCARD = 11;
  public static final int WRITE_ZEROES = 13;

  public static final int NEXT = 1;
  public static final int WRITE = 2;
  public static final int INDIRECT = 4;

  private static final VarHandle SHORT = JAVA_SHORT.varHandle();

  private final MemorySegment memory;
  private final long at;
  private final int size;
  private final int dataBytes;
  private final EventCount kick;
  private final EventCount call;
  private final boolean indirect;
  private int next;
  private int seen;

  /** A ring of so many entries, whose slots have room for so much data. */
  public TestRing(MemorySegment memory, long at, int size, int dataBytes, boolean indirect)
      throws IOException {
    this.memory = memory;
    this.at = at;
    this.size = size;
    this.dataBytes = dataBytes;
    this.indirect = indirect;
    this.kick = EventCount.open();
    this.call = EventCount.open();
  }

  /** Makes one, and starts it. */
  public static TestRing start(TestGuest guest, int queue, long at, int size, int dataBytes)
      throws IOException {
    return start(guest, queue, new TestRing(guest.memory(), at, size, dataBytes, false));
  }

  public static TestRing start(TestGuest guest, int queue, TestRing ring) throws IOException {
    guest.startRing(queue, ring.size, ring, ring.kick, ring.call);
    return ring;
  }

  EventCount kick() {
    return kick;
  }

  EventCount call() {
    return call;
  }

  public int next() {
    return next;
  }

  public long descriptorsAt() {
    return at;
  }

  public long availableAt() {
    return at + 16L * size;
  }

  public long usedAt() {
    return availableAt() + 6 + 2L * size + 63 & -64;
  }

  private long slotsAt() {
    return usedAt() + 6 + 8L * size + 4095 & -4096;
  }

  private int slotBytes() {
    return 4096 + (dataBytes + 4095 & -4096);
  }

  /** How much memory all of it takes. */
  long bytes() {
    return slotsAt() + (long) size / 3 * slotBytes() - at;
  }

  public long dataAt(int slot) {
    return slotsAt() + (long) slot * slotBytes() + 4096;
  }

  private long headerAt(int slot) {
    return slotsAt() + (long) slot * slotBytes();
  }

  private long statusAt(int slot) {
    return headerAt(slot) + 16;
  }

  private long tableAt(int slot) {
    return headerAt(slot) + 64;
  }

  // ---- requests

  /** Puts a request into a slot; {@link #submit} makes it available. */
  public void request(int slot, int type, long sector, int bytes) {
    memory.set(JAVA_INT, headerAt(slot), type);
    memory.set(JAVA_INT, headerAt(slot) + 4, 0);
    memory.set(JAVA_LONG, headerAt(slot) + 8, sector);
    memory.set(JAVA_BYTE, statusAt(slot), (byte) 0xff);
    boolean isWritable = type == IN || type == GET_ID;
    long table = indirect ? tableAt(slot) : descriptorsAt() + 48L * slot;
    int first = indirect ? 0 : 3 * slot;
    descriptor(table, headerAt(slot), 16, NEXT, bytes == 0 ? first + 2 : first + 1);
    descriptor(table + 16, dataAt(slot), bytes, isWritable ? NEXT | WRITE : NEXT, first + 2);
    descriptor(table + 32, statusAt(slot), 1, WRITE, 0);
    if (indirect) {
      descriptor(descriptorsAt() + 48L * slot, table, 48, INDIRECT, 0);
    }
  }

  /** Writes a descriptor at an offset of the memory. */
  public void descriptor(long where, long offset, int bytes, int flags, int follower) {
    descriptorOf(where, TestGuest.GUEST_BASE + offset, bytes, flags, follower);
  }

  public void descriptorOf(long where, long guestAddress, int bytes, int flags, int follower) {
    memory.set(JAVA_LONG, where, guestAddress);
    memory.set(JAVA_INT, where + 8, bytes);
    memory.set(JAVA_SHORT, where + 12, (short) flags);
    memory.set(JAVA_SHORT, where + 14, (short) follower);
  }

  public void submit(int slot) {
    submitHead(3 * slot);
    publish();
  }

  /** Puts a head into the ring, which is not seen before {@link #publish}. */
  public void submitHead(int head) {
    memory.set(JAVA_SHORT, availableAt() + 4 + 2L * (next & size - 1), (short) head);
    next = next + 1 & 0xffff;
  }

  public void publish() {
    setAvailableIndex(next);
  }

  public void setAvailableIndex(int index) {
    SHORT.setRelease(memory, availableAt() + 2, (short) index);
  }

  /** Kicks, whether that is wanted or not. */
  public void kickOnce() {
    kick.add();
  }

  // ---- answers

  int usedIndex() {
    return (short) SHORT.getAcquire(memory, usedAt() + 2) & 0xffff;
  }

  public boolean hasUsed() {
    return usedIndex() != seen;
  }

  /** Takes the next used chain; returns its slot. */
  public int takeUsed() {
    int head = memory.get(JAVA_INT, usedAt() + 4 + 8L * (seen & size - 1));
    seen = seen + 1 & 0xffff;
    return head / 3;
  }

  public int lastUsedBytes() {
    return memory.get(JAVA_INT, usedAt() + 8 + 8L * (seen - 1 & size - 1));
  }

  public int status(int slot) {
    return memory.get(JAVA_BYTE, statusAt(slot));
  }

  /** Does one request in slot 0 after the other; returns its status. */
  public int perform(int type, long sector, int bytes) throws InterruptedException {
    request(0, type, sector, bytes);
    submit(0);
    kickOnce();
    awaitUsed();
    return status(takeUsed());
  }

  public void awaitUsed() throws InterruptedException {
    Eventually.isSo("a request is answered", this::hasUsed);
  }

  /** Whether the server says that it need not be kicked, without EVENT_IDX. */
  boolean isKickWanted() {
    return ((short) SHORT.getAcquire(memory, usedAt()) & 1) == 0;
  }

  /** Says that it need not be called, or must be; without EVENT_IDX. */
  public void wantCalls(boolean wanted) {
    SHORT.setRelease(memory, availableAt(), (short) (wanted ? 0 : 1));
  }

  /** With EVENT_IDX: the used index after which it wants a call. */
  public void setUsedEvent(int index) {
    SHORT.setRelease(memory, availableAt() + 4 + 2L * size, (short) index);
  }

  int availableEvent() {
    return (short) SHORT.getAcquire(memory, usedAt() + 4 + 8L * size) & 0xffff;
  }
}
