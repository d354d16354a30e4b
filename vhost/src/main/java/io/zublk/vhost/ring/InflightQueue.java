package io.zublk.vhost.ring;

import io.zublk.vhost.memory.GuestWords;
import java.lang.foreign.MemorySegment;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What is noted of one ring (vhost-user, {@code inflight_split_region}): a header of
 *
 * <pre>u64 features, u16 version, u16 entries, u16 head of the last batch, u16 used index</pre>
 *
 * and for each descriptor
 *
 * <pre>u8 inflight, u8 padding[5], u16 next of the batch, u64 counter</pre>
 *
 * <p>It is the client's memory too, and trusted no more than the rest of it. For the ring's thread.
 */
public final class InflightQueue {

  private static final int VERSION_AT = 8;
  private static final int ENTRIES_AT = 10;
  private static final int LAST_BATCH_AT = 12;
  private static final int USED_INDEX_AT = 14;
  private static final int HEADER_BYTES = 16;
  private static final int ENTRY_BYTES = 16;
  private static final int NEXT_AT = 6;
  private static final int COUNTER_AT = 8;

  private static final int VERSION = 1;
  private final MemorySegment memory;
  private final SplitRing ring;
  private final int[] batch;
  private int given;
  private int lastGiven;
  private long counter;

  InflightQueue(MemorySegment memory, SplitRing ring) {
    this.memory = memory;
    this.ring = ring;
    this.batch = new int[ring.size()];
  }

  static long bytes(int entries) {
    return HEADER_BYTES + (long) entries * ENTRY_BYTES;
  }

  /**
   * Takes up what an earlier process has left, or begins afresh. Allocates.
   *
   * @return the chains that were taken and not given back, in the order in which they were taken;
   *     null in an area that nobody has used yet
   */
  public int[] begin() {
    boolean fresh = GuestWords.u16(memory, VERSION_AT) != VERSION;
    if (fresh) {
      GuestWords.setU16(memory, VERSION_AT, VERSION);
      GuestWords.setU16(memory, ENTRIES_AT, ring.size());
      GuestWords.setU16(memory, USED_INDEX_AT, ring.usedIndex());
      return null;
    }
    finishLastBatch();
    lastGiven = GuestWords.u16(memory, LAST_BATCH_AT);
    record Noted(int head, long counter) {}
    List<Noted> noted = // a copy, for what is sorted must not change meanwhile
        IntStream.range(0, ring.size())
            .filter(head -> GuestWords.u8(memory, entry(head)) == 1)
            .mapToObj(head -> new Noted(head, GuestWords.u64(memory, entry(head) + COUNTER_AT)))
            .sorted(Comparator.comparingLong(Noted::counter))
            .toList();
    counter = noted.isEmpty() ? 0 : noted.getLast().counter();
    return noted.stream().mapToInt(Noted::head).toArray();
  }

  // The client has seen those: the process died between publishing them and noting that.
  private void finishLastBatch() {
    int usedIndex = ring.usedIndex();
    int unnoted = usedIndex - GuestWords.u16(memory, USED_INDEX_AT) & 0xffff;
    int head = GuestWords.u16(memory, LAST_BATCH_AT);
    for (int i = 0; i < Math.min(unnoted, ring.size()) && head < ring.size(); i++) {
      GuestWords.setU8(memory, entry(head), 0);
      head = GuestWords.u16(memory, entry(head) + NEXT_AT);
    }
    GuestWords.setU16(memory, USED_INDEX_AT, usedIndex);
  }

  /** Notes that a chain was taken. */
  public void taken(int head) {
    GuestWords.setU64(memory, entry(head) + COUNTER_AT, ++counter);
    GuestWords.setU8(memory, entry(head), 1);
  }

  /** Notes that a chain was given, before that is published. */
  public void given(int head) {
    GuestWords.setU16(memory, entry(head) + NEXT_AT, lastGiven);
    GuestWords.setU16(memory, LAST_BATCH_AT, head);
    lastGiven = head;
    batch[given++] = head;
  }

  /** Notes that all that was given is published. */
  public void published() {
    for (int i = 0; i < given; i++) {
      GuestWords.setU8(memory, entry(batch[i]), 0);
    }
    given = 0;
    GuestWords.setU16(memory, USED_INDEX_AT, ring.published());
  }

  private static long entry(int head) {
    return HEADER_BYTES + (long) head * ENTRY_BYTES;
  }
}
