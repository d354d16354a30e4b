package io.zublk.store.arena;

import static io.zublk.store.file.StoreLayout.SLAB_BYTES;

import java.util.Arrays;

/**
 * The slot sizes of the arena: which class holds an object, and how a slab of that class is laid
 * out.
 *
 * <p>A class's slot size is the largest multiple of 16 of which some whole number fills a slab, so
 * no slab has a tail to speak of. All of it follows from the constants here and is part of the file
 * format: after a crash an object's slot is found from its location and length alone.
 */
public final class SizeClasses {

  /**
   * The unit in which memory is taken from the kernel and given back. Smaller chunks would follow
   * the contents more closely at a system call each.
   */
  public static final int CHUNK_BYTES = 16 << 10;

  static final int CHUNKS = SLAB_BYTES / CHUNK_BYTES;

  /** Slots are multiples of this, because a location counts in it. */
  static final int UNIT_BYTES = 16;

  /** The largest object: one page stored as it is. */
  static final int MAX_OBJECT_BYTES = 4096;

  /**
   * The most slots of a slab, so that its bitmap and state fill one cache line. A slab of objects
   * below 585 bytes leaves its end unused, which costs addresses but no memory.
   */
  static final int MAX_SLOTS = 448;

  /** Steps of less than 2 % between classes would add half-used chunks without saving memory. */
  private static final int MIN_STEP_DIVISOR = 48;

  private static final int[] SLOT_BYTES = slotSizes();
  private static final int[] SLOTS = Arrays.stream(SLOT_BYTES).map(SizeClasses::slotsIn).toArray();
  private static final byte[] CLASS_OF_UNITS = new byte[MAX_OBJECT_BYTES / UNIT_BYTES + 1];

  static {
    assert SLOT_BYTES.length <= Byte.MAX_VALUE;
    assert SLOT_BYTES[SLOT_BYTES.length - 1] == MAX_OBJECT_BYTES;
    assert MAX_OBJECT_BYTES % UNIT_BYTES == 0;
    assert MAX_OBJECT_BYTES <= CHUNK_BYTES; // or a slot would lie in more than two chunks
    assert SLAB_BYTES % CHUNK_BYTES == 0;
    assert MAX_SLOTS % Long.SIZE == 0;
    for (int units = 1, c = 0; units < CLASS_OF_UNITS.length; units++) {
      while (SLOT_BYTES[c] < units * UNIT_BYTES) {
        c++;
      }
      CLASS_OF_UNITS[units] = (byte) c;
    }
  }

  private SizeClasses() {}

  /** The number of classes, below 128. */
  public static int count() {
    return SLOT_BYTES.length;
  }

  /** The class of the smallest slot that holds 1 to {@link #MAX_OBJECT_BYTES} bytes. */
  public static int classOf(int bytes) {
    return CLASS_OF_UNITS[(bytes + UNIT_BYTES - 1) / UNIT_BYTES];
  }

  public static int slotBytes(int sizeClass) {
    return SLOT_BYTES[sizeClass];
  }

  static int slots(int sizeClass) {
    return SLOTS[sizeClass];
  }

  /** The chunks that a slot lies in, as bits: one, or two neighbours. */
  static int chunksOf(int sizeClass, int slot) {
    int offset = slot * SLOT_BYTES[sizeClass];
    int last = offset + SLOT_BYTES[sizeClass] - 1;
    return (1 << (offset / CHUNK_BYTES)) | (1 << (last / CHUNK_BYTES));
  }

  /** The chunks of a slab that slots lie in, as bits: all, but for classes of small objects. */
  static int usefulChunks(int sizeClass) {
    int last = (SLOTS[sizeClass] * SLOT_BYTES[sizeClass] - 1) / CHUNK_BYTES;
    return (2 << last) - 1;
  }

  /** The first slot that lies in a chunk, at least in part. */
  static int firstSlot(int sizeClass, int chunk) {
    return chunk * CHUNK_BYTES / SLOT_BYTES[sizeClass];
  }

  /** The last slot that lies in a chunk, at least in part. */
  static int lastSlot(int sizeClass, int chunk) {
    return Math.min(((chunk + 1) * CHUNK_BYTES - 1) / SLOT_BYTES[sizeClass], SLOTS[sizeClass] - 1);
  }

  /** How many slots lie in these chunks alone. */
  static int slotsWithin(int sizeClass, int chunks) {
    int slotBytes = SLOT_BYTES[sizeClass];
    int within = 0;
    for (int left = chunks; left != 0; ) {
      int first = Integer.numberOfTrailingZeros(left);
      int end = first + Integer.numberOfTrailingZeros(~(left >>> first));
      int firstSlot = (first * CHUNK_BYTES + slotBytes - 1) / slotBytes;
      within += Math.max(0, Math.min(end * CHUNK_BYTES / slotBytes, SLOTS[sizeClass]) - firstSlot);
      left &= -1 << end;
    }
    return within;
  }

  private static int slotsIn(int slotBytes) {
    int slots = Math.min(MAX_SLOTS, SLAB_BYTES / slotBytes);
    int wholeChunks = slots * slotBytes / CHUNK_BYTES;
    // The slots of small objects end with a chunk, lest every slab pay for one it hardly uses.
    return wholeChunks == 0 || slots < MAX_SLOTS ? slots : wholeChunks * CHUNK_BYTES / slotBytes;
  }

  private static int[] slotSizes() {
    int[] sizes = new int[MAX_OBJECT_BYTES / UNIT_BYTES];
    int n = 0;
    int last = 0;
    for (int size = UNIT_BYTES; size <= MAX_OBJECT_BYTES; size += UNIT_BYTES) {
      boolean fillsSlab = SLAB_BYTES / size > SLAB_BYTES / (size + UNIT_BYTES);
      boolean worthIt = size - last >= last / MIN_STEP_DIVISOR;
      if (size == MAX_OBJECT_BYTES || (fillsSlab && worthIt)) {
        sizes[n++] = size;
        last = size;
      }
    }
    return Arrays.copyOf(sizes, n);
  }
}
