package io.zublk.store.arena;

import static io.zublk.store.file.StoreLayout.DESCRIPTOR_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * One descriptor a slab: a state word and a bitmap of slots, together a cache line.
 *
 * <pre>
 *   state:  63 busy | 62 untidy | 51..44 size class + 1 | 43..28 chunks to be emptied
 *           | 27..12 chunks with memory | 11..0 count
 * </pre>
 *
 * <p>A slot is taken in two steps. {@link #reserve} counts it, if the slab still has the class and
 * has one left; {@link #claim} then finds a clear bit, which must exist because bits are cleared
 * before they are discounted. Count zero therefore means that nobody holds or is about to hold a
 * slot, and whoever moves such a slab to busy owns all of it.
 *
 * <p>Lock-free, any thread.
 */
final class SlabDirectory {

  private static final VarHandle WORD = JAVA_LONG.varHandle();

  private static final long BUSY = 1L << 63;
  private static final long UNTIDY = 1L << 62;
  private static final long COUNT_MASK = 0xfff;
  private static final int CHUNK_SHIFT = 12;
  private static final long CHUNK_MASK = (1L << SizeClasses.CHUNKS) - 1;
  private static final int SOURCE_SHIFT = CHUNK_SHIFT + SizeClasses.CHUNKS;
  private static final int CLASS_SHIFT = SOURCE_SHIFT + SizeClasses.CHUNKS;
  private static final int CLASS_MASK = 0xff;

  /** The class and the chunks to be emptied, which decide whether a slab takes new objects. */
  private static final long KIND_MASK = BUSY | ((-1L << SOURCE_SHIFT) & ~UNTIDY);

  /**
   * Looks at a slab for a slot that the count promises. Bits move while one looks, so one look may
   * miss it; that so many do means that count or bits are damaged.
   */
  private static final int CLAIM_TRIES = 1 << 8;

  private final MemorySegment memory;
  private final long offset;

  SlabDirectory(MemorySegment memory, long offset) {
    this.memory = memory;
    this.offset = offset;
  }

  private long at(int slab) {
    return offset + (long) slab * DESCRIPTOR_BYTES;
  }

  long state(int slab) {
    return (long) WORD.getAcquire(memory, at(slab));
  }

  /** The class of a slab in use, -1 of one that is not. */
  static int sizeClass(long state) {
    return state < 0 ? -1 : ((int) (state >>> CLASS_SHIFT) & CLASS_MASK) - 1;
  }

  /** Slots taken or about to be. */
  static int count(long state) {
    return (int) (state & COUNT_MASK);
  }

  /** The chunks that have memory, as bits. */
  static int chunks(long state) {
    return (int) ((state >>> CHUNK_SHIFT) & CHUNK_MASK);
  }

  /** The chunks that take no new objects because they are to be emptied, as bits. */
  static int sources(long state) {
    return (int) ((state >>> SOURCE_SHIFT) & CHUNK_MASK);
  }

  /** Has chunks emptied from now on, unless the slab has changed since {@code state}. */
  boolean setSources(int slab, long state, int chunks) {
    long marked = (state & ~(CHUNK_MASK << SOURCE_SHIFT)) | ((long) chunks << SOURCE_SHIFT);
    return WORD.compareAndSet(memory, at(slab), state, marked);
  }

  /** Takes that back. */
  void clearSources(int slab) {
    long _ = (long) WORD.getAndBitwiseAnd(memory, at(slab), ~(CHUNK_MASK << SOURCE_SHIFT));
  }

  /** Whether a chunk without slots may have kept its memory. */
  static boolean isUntidy(long state) {
    return (state & UNTIDY) != 0;
  }

  /** Notes that a chunk without slots has kept its memory. */
  void setUntidy(int slab) {
    long _ = (long) WORD.getAndBitwiseOr(memory, at(slab), UNTIDY);
  }

  /** Takes that note back, before looking. */
  void clearUntidy(int slab) {
    long _ = (long) WORD.getAndBitwiseAnd(memory, at(slab), ~UNTIDY);
  }

  /** Gives an unused slab to a class, with one slot reserved. False if it was not unused. */
  boolean assign(int slab, int sizeClass) {
    long state = ((long) (sizeClass + 1) << CLASS_SHIFT) | 1;
    return WORD.compareAndSet(memory, at(slab), 0L, state);
  }

  /** Takes an unused slab for the caller alone. False if it was not unused. */
  boolean hold(int slab) {
    return WORD.compareAndSet(memory, at(slab), 0L, BUSY);
  }

  /** Gives a slab that the caller holds, and that has all its memory, to a class; as assign. */
  void assignHeld(int slab, int sizeClass) {
    long state = ((long) (sizeClass + 1) << CLASS_SHIFT) | (CHUNK_MASK << CHUNK_SHIFT) | 1;
    WORD.setRelease(memory, at(slab), state);
  }

  /** Counts {@code slots} more of a slab of this class. False if it is another's or too full. */
  boolean reserve(int slab, int sizeClass, int slots) {
    while (true) {
      long state = state(slab);
      if (sizeClass(state) != sizeClass || count(state) + slots > SizeClasses.slots(sizeClass)) {
        return false;
      }
      if (WORD.weakCompareAndSet(memory, at(slab), state, state + slots)) {
        return true;
      }
    }
  }

  /** Counts one slot more for a new object, which does not belong where chunks are emptied. */
  boolean reserveForNew(int slab, int sizeClass) {
    long kind = (long) (sizeClass + 1) << CLASS_SHIFT;
    while (true) {
      long state = state(slab);
      if ((state & KIND_MASK) != kind || count(state) >= SizeClasses.slots(sizeClass)) {
        return false;
      }
      if (WORD.weakCompareAndSet(memory, at(slab), state, state + 1)) {
        return true;
      }
    }
  }

  /** Discounts slots and returns the state before. */
  long unreserve(int slab, int slots) {
    return (long) WORD.getAndAdd(memory, at(slab), (long) -slots);
  }

  /**
   * Takes the first free slot of a slab in which the caller has reserved one; -1 if there is none,
   * which only damage can cause.
   */
  int claim(int slab, int slots) {
    for (int tries = 0; tries < CLAIM_TRIES; tries++) {
      for (int first = 0; first < slots; first += Long.SIZE) {
        int bit = claimIn(slab, first, Math.min(Long.SIZE, slots - first));
        if (bit >= 0) {
          return first + bit;
        }
      }
    }
    return -1;
  }

  /**
   * Takes a free slot, of which the caller has reserved one, whose chunks have memory and keep it;
   * -1 if there is none.
   */
  int claimWithMemory(int slab, int sizeClass) {
    int slots = SizeClasses.slots(sizeClass);
    for (int slot = nextFree(slab, 0, slots);
        slot < slots;
        slot = nextFree(slab, slot + 1, slots)) {
      int chunks = SizeClasses.chunksOf(sizeClass, slot);
      if (keepMemory(slab, chunks) && setSlot(slab, slot)) {
        // Taken, nobody gives its chunks back any more; but somebody may have before.
        if (keepMemory(slab, chunks)) {
          return slot;
        }
        boolean _ = clearSlot(slab, slot);
      }
    }
    return -1;
  }

  private boolean keepMemory(int slab, int chunks) {
    long state = state(slab);
    return (chunks & ~(chunks(state) & ~sources(state))) == 0;
  }

  /** The first free slot from {@code from} on, or {@code slots}. */
  private int nextFree(int slab, int from, int slots) {
    for (int slot = from; slot < slots; slot = nextWord(slot)) {
      long free = ~bits(slab, slot) & (-1L << slot);
      if (free != 0) {
        return Math.min((slot & -Long.SIZE) + Long.numberOfTrailingZeros(free), slots);
      }
    }
    return slots;
  }

  private int claimIn(int slab, int first, int slots) {
    long valid = -1L >>> (Long.SIZE - slots);
    long word = bits(slab, first);
    while ((~word & valid) != 0) {
      int bit = Long.numberOfTrailingZeros(~word);
      long seen =
          (long) WORD.compareAndExchange(memory, bitsAt(slab, first), word, word | (1L << bit));
      if (seen == word) {
        return bit;
      }
      word = seen;
    }
    return -1;
  }

  /** Takes the free slots from {@code first} to {@code last}: all of them, or none. */
  boolean claimRange(int slab, int first, int last) {
    for (int from = first; from <= last; from = nextWord(from)) {
      if (!claimMask(slab, from, mask(from, last))) {
        if (from > first) {
          clearRange(slab, first, from - 1);
        }
        return false;
      }
    }
    return true;
  }

  private boolean claimMask(int slab, int slot, long mask) {
    while (true) {
      long word = bits(slab, slot);
      if ((word & mask) != 0) {
        return false;
      }
      if (WORD.weakCompareAndSet(memory, bitsAt(slab, slot), word, word | mask)) {
        return true;
      }
    }
  }

  /** Clears slots that the caller has claimed. */
  void clearRange(int slab, int first, int last) {
    for (int from = first; from <= last; from = nextWord(from)) {
      long _ = (long) WORD.getAndBitwiseAnd(memory, bitsAt(slab, from), ~mask(from, last));
    }
  }

  /** Whether no slot from {@code first} to {@code last} is taken, at this moment. */
  boolean isClear(int slab, int first, int last) {
    for (int from = first; from <= last; from = nextWord(from)) {
      // Volatile, not acquire: it must not be read before the bits that the caller has just
      // cleared.
      long word = (long) WORD.getVolatile(memory, bitsAt(slab, from));
      if ((word & mask(from, last)) != 0) {
        return false;
      }
    }
    return true;
  }

  /** Marks a slot as taken. False if it was already. */
  boolean setSlot(int slab, int slot) {
    long bit = 1L << slot;
    return ((long) WORD.getAndBitwiseOr(memory, bitsAt(slab, slot), bit) & bit) == 0;
  }

  /** Marks a slot as free, before it is {@linkplain #unreserve discounted}. False if it was. */
  boolean clearSlot(int slab, int slot) {
    long bit = 1L << slot;
    return ((long) WORD.getAndBitwiseAnd(memory, bitsAt(slab, slot), ~bit) & bit) != 0;
  }

  boolean hasMemory(int slab, int chunk) {
    return ((state(slab) >>> (CHUNK_SHIFT + chunk)) & 1) != 0;
  }

  /** Notes that a chunk has memory. False if it was noted already. */
  boolean setChunk(int slab, int chunk) {
    long bit = 1L << (CHUNK_SHIFT + chunk);
    return ((long) WORD.getAndBitwiseOr(memory, at(slab), bit) & bit) == 0;
  }

  /** Notes that a chunk has no memory. False if it was noted already. */
  boolean clearChunk(int slab, int chunk) {
    long bit = 1L << (CHUNK_SHIFT + chunk);
    return ((long) WORD.getAndBitwiseAnd(memory, at(slab), ~bit) & bit) != 0;
  }

  /**
   * Takes a slab without slots from its class, for the caller alone.
   *
   * @return its state before, or 0 if it has slots or was taken
   */
  long retire(int slab, int sizeClass) {
    while (true) {
      long state = state(slab);
      if (sizeClass(state) != sizeClass || count(state) != 0) {
        return 0;
      }
      if (WORD.weakCompareAndSet(memory, at(slab), state, BUSY)) {
        return state;
      }
    }
  }

  /** Makes a retired slab one that any class may take. */
  void setUnused(int slab) {
    WORD.setRelease(memory, at(slab), 0L);
  }

  /** Counts a slot found in use when the file was opened; single-threaded. */
  boolean restore(int slab, int sizeClass, int slot) {
    long state = state(slab);
    if ((state != 0 && sizeClass(state) != sizeClass) || !setSlot(slab, slot)) {
      return false;
    }
    long base = state == 0 ? (long) (sizeClass + 1) << CLASS_SHIFT : state;
    WORD.setRelease(memory, at(slab), base + 1);
    return true;
  }

  private long bits(int slab, int slot) {
    return (long) WORD.getAcquire(memory, bitsAt(slab, slot));
  }

  private long bitsAt(int slab, int slot) {
    return at(slab) + Long.BYTES + (slot >>> 6) * (long) Long.BYTES;
  }

  /** The bits of slots {@code from} to {@code last} in the word that holds {@code from}. */
  private static long mask(int from, int last) {
    int end = Math.min(last, from | 63);
    return (-1L << from) & (-1L >>> (63 - (end & 63)));
  }

  private static int nextWord(int slot) {
    return (slot | 63) + 1;
  }
}
