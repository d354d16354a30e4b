package io.zublk.store.arena;

import io.zublk.store.file.StoreLayout;
import java.util.Arrays;

/**
 * The chunks that compaction is to empty: those whose objects fit into the holes of others of their
 * class. The sparsest slabs are emptied whole, and the next one from its end as far as it goes.
 *
 * <p>What is chosen stands in the slab directory, so that no new object goes there; a slab that a
 * class gives up meanwhile is forgotten with its state. One thread at a time plans and ends; any
 * thread may ask.
 */
final class Evacuation {

  /** Slabs are told apart by their density in steps of a sixteenth; in between any order does. */
  private static final int DENSITIES = 16;

  private final SlabDirectory directory;
  private final SlabHints hints;

  // By class and density, of slabs with memory: the objects, and the slots for more.
  private final int[] objects = new int[SizeClasses.count() * DENSITIES];
  private final int[] holes = new int[SizeClasses.count() * DENSITIES];

  /** By class: slabs of less density are emptied, slabs of this density as far as room allows. */
  private final int[] threshold = new int[SizeClasses.count()];

  // By class: the objects that are to move so far, and the slots for them in all other slabs.
  private final int[] moving = new int[SizeClasses.count()];
  private final int[] room = new int[SizeClasses.count()];

  /** By class: whether a slab was found that only part of can be emptied. */
  private final boolean[] isSpent = new boolean[SizeClasses.count()];

  private int planned;

  Evacuation(SlabDirectory directory, SlabHints hints) {
    this.directory = directory;
    this.hints = hints;
  }

  /** Chooses among the slabs below {@code slabs}; returns the number of chunks. */
  int plan(int slabs) {
    survey(slabs);
    for (int sizeClass = 0; sizeClass < SizeClasses.count(); sizeClass++) {
      choose(sizeClass);
    }
    planned = 0;
    // From above: what stays lies at low addresses, where new objects look first.
    for (int slab = slabs - 1; slab >= 0; slab--) {
      planned += mark(slab);
    }
    return planned;
  }

  private void survey(int slabs) {
    Arrays.fill(objects, 0);
    Arrays.fill(holes, 0);
    Arrays.fill(room, 0);
    Arrays.fill(isSpent, false);
    for (int slab = 0; slab < slabs; slab++) {
      long state = directory.state(slab);
      if (hasMemory(state)) {
        int sizeClass = SlabDirectory.sizeClass(state);
        int index = sizeClass * DENSITIES + density(state);
        int free = freeSlots(state);
        objects[index] += SlabDirectory.count(state);
        holes[index] += free;
        room[sizeClass] += free;
      }
    }
  }

  private void choose(int sizeClass) {
    int density = 0;
    int toMove = 0;
    int free = room[sizeClass];
    for (; density < DENSITIES; density++) {
      int index = sizeClass * DENSITIES + density;
      if (toMove + objects[index] > free - holes[index]) {
        break;
      }
      toMove += objects[index];
      free -= holes[index];
    }
    threshold[sizeClass] = density;
    moving[sizeClass] = toMove;
    room[sizeClass] = free;
  }

  private int mark(int slab) {
    long state = directory.state(slab);
    int chunks = hasMemory(state) ? chunksToEmpty(state) : 0;
    if (chunks == 0 || !directory.setSources(slab, state, chunks)) {
      return 0;
    }
    hints.set(SlabHints.sources(), slab);
    return Integer.bitCount(chunks);
  }

  private int chunksToEmpty(long state) {
    int sizeClass = SlabDirectory.sizeClass(state);
    int density = density(state);
    int chunks = SlabDirectory.chunks(state);
    if (density < threshold[sizeClass]) {
      return chunks;
    }
    if (density > threshold[sizeClass] || isSpent[sizeClass]) {
      return 0;
    }
    int objectsHere = SlabDirectory.count(state);
    int roomElsewhere = room[sizeClass] - freeSlots(state) - moving[sizeClass];
    if (objectsHere <= roomElsewhere) {
      moving[sizeClass] += objectsHere;
      room[sizeClass] -= freeSlots(state);
      return chunks;
    }
    isSpent[sizeClass] = true;
    return lastChunks(sizeClass, chunks, objectsHere - roomElsewhere);
  }

  /** The chunks that can be emptied if so many of the slab's objects find room in those before. */
  private static int lastChunks(int sizeClass, int chunks, int staying) {
    for (int kept = 1; kept < SizeClasses.CHUNKS; kept++) {
      int first = chunks & ((1 << kept) - 1);
      if (SizeClasses.slotsWithin(sizeClass, first) >= staying) {
        return chunks & ~first;
      }
    }
    return 0;
  }

  private static boolean hasMemory(long state) {
    return SlabDirectory.sizeClass(state) >= 0 && SlabDirectory.chunks(state) != 0;
  }

  private static int density(long state) {
    int slots = SlabDirectory.count(state) + freeSlots(state);
    return Math.min(SlabDirectory.count(state) * DENSITIES / Math.max(slots, 1), DENSITIES - 1);
  }

  /** Slots for more objects in the memory that the slab has. */
  private static int freeSlots(long state) {
    int slots =
        SizeClasses.slotsWithin(SlabDirectory.sizeClass(state), SlabDirectory.chunks(state));
    return Math.max(slots - SlabDirectory.count(state), 0);
  }

  /** Whether an object of this many bytes lies, at least in part, in a chunk to be emptied. */
  boolean contains(long location, int bytes) {
    int slab = (int) (location / StoreLayout.SLAB_BYTES);
    if (!hints.contains(SlabHints.sources(), slab)) {
      return false;
    }
    int sizeClass = SizeClasses.classOf(bytes);
    int slot = (int) (location % StoreLayout.SLAB_BYTES) / SizeClasses.slotBytes(sizeClass);
    long state = directory.state(slab);
    return SlabDirectory.sizeClass(state) == sizeClass
        && (SizeClasses.chunksOf(sizeClass, slot) & SlabDirectory.sources(state)) != 0;
  }

  /** Leaves a slab as it is. */
  void spare(int slab) {
    hints.clear(SlabHints.sources(), slab);
    long state = directory.state(slab);
    if (SlabDirectory.sizeClass(state) >= 0) {
      planned -= Integer.bitCount(SlabDirectory.sources(state));
      directory.clearSources(slab);
    }
  }

  /** Forgets what was planned; returns the number of chosen chunks that have no memory now. */
  int end() {
    int emptied = planned;
    int set = SlabHints.sources();
    for (int slab = 0; (slab = hints.next(set, slab)) >= 0; slab++) {
      hints.clear(set, slab);
      long state = directory.state(slab);
      if (SlabDirectory.sizeClass(state) >= 0) {
        emptied -= Integer.bitCount(SlabDirectory.sources(state) & SlabDirectory.chunks(state));
        directory.clearSources(slab);
      }
    }
    return emptied;
  }
}
