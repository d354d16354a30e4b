package io.zublk.store.arena;

import static io.zublk.store.arena.SizeClasses.CHUNK_BYTES;
import static io.zublk.store.file.StoreLayout.SLAB_BYTES;

import io.zublk.block.Errno;
import io.zublk.store.file.StoreFile;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Allocates memory for objects of 1 to 4096 bytes inside the store file.
 *
 * <p>A slab is addresses, a chunk is memory: slots get their chunk's memory from the kernel when
 * the first of them is taken, and the kernel gets it back when the last is freed. Lock-free, any
 * thread; allocates no Java object.
 */
public final class SlabArena {

  /** Looks at a slab's chunks that somebody else may need in turn; each is rare after another. */
  private static final int TIDY_TRIES = 4;

  /** What {@link #allocateAtHand} returns if the kernel would have to be asked. */
  public static final int NOT_AT_HAND = -1;

  /**
   * How many times a reserve the kernel has tables for from the start, 4 KiB of them for each 2
   * MiB; slabs are used from the lowest on. A reserve is a part of the machine's memory: all of it,
   * up to 4 GiB.
   */
  private static final int PREPARED_RESERVES = 16;

  private final StoreFile file;
  private final SlabDirectory directory;
  private final SlabHints hints;
  private final SlabFinder finder;
  private final Evacuation evacuation;
  private final MemoryBudget budget;
  private final SlabMemory memory;

  /** Whether empty chunks keep their memory until {@link #tidy}. */
  private final boolean lazy;

  /** Threads in {@link #tidy}: what they have claimed is neither used nor free until they leave. */
  private final AtomicInteger tidying = new AtomicInteger();

  /** Null as long as writers ask the kernel; set before there are any. */
  private SlabReserve reserve;

  /**
   * An arena without objects; the directory and hints of the file must be zeros.
   *
   * @param lazy whether somebody calls {@link #tidy} now and then. Until it does, what was freed is
   *     memory for the next objects of the same size, and no system call away: overwriting a device
   *     from end to end takes a fifth less time
   */
  public SlabArena(StoreFile file, MemoryBudget budget, boolean lazy) {
    this.file = file;
    this.budget = budget;
    this.lazy = lazy;
    this.directory = new SlabDirectory(file.memory(), file.layout().directoryOffset);
    this.hints = new SlabHints(file);
    this.finder = new SlabFinder(directory, hints);
    this.evacuation = new Evacuation(directory, hints);
    this.memory = new SlabMemory(file, directory, budget);
    useSlabsFrom(0);
  }

  /** Lets objects lie in all slabs from {@code first} on, which the file has grown by. */
  public void useSlabsFrom(int first) {
    for (int slab = first; slab < slabs(); slab++) {
      hints.set(SlabHints.unused(), slab);
    }
  }

  private int slabs() {
    return file.extent().slabs;
  }

  /**
   * Takes a slot.
   *
   * @param promised whether the memory for it was {@linkplain MemoryBudget#promise promised}
   * @return its place in bytes from the arena's start, or {@code -ENOSPC}
   */
  public long allocate(int bytes, boolean promised) {
    int sizeClass = SizeClasses.classOf(bytes);
    if (reserve != null) {
      return allocateReady(sizeClass);
    }
    long location = tryAllocate(sizeClass, promised);
    if (location < 0) {
      location = allocateInMemory(sizeClass);
    }
    return location < 0 && tidy() ? tryAllocate(sizeClass, promised) : location;
  }

  /** Asks the kernel for nothing: memory that is there, a slab of the reserve, or -ENOSPC. */
  private long allocateReady(int sizeClass) {
    long location = allocateInMemory(sizeClass);
    for (int tries = 0; location < 0 && tries < TIDY_TRIES; tries++) {
      int slab = reserve.take(sizeClass);
      if (slab < 0) {
        break;
      }
      location = useReserved(slab, sizeClass);
    }
    return location;
  }

  /** Fails if somebody takes the memory back at once, who has the slab in mind as it was before. */
  private long useReserved(int slab, int sizeClass) {
    directory.assignHeld(slab, sizeClass);
    hints.set(sizeClass, slab);
    finder.noteUsed(slab);
    finder.setCurrent(sizeClass, slab);
    int slot = directory.claimWithMemory(slab, sizeClass);
    if (slot < 0) {
      discountAndTidy(slab, sizeClass);
      return -Errno.ENOSPC;
    }
    return location(slab, sizeClass, slot);
  }

  private long tryAllocate(int sizeClass, boolean promised) {
    int slab;
    int slot;
    do {
      slab = finder.reserve(sizeClass);
      if (slab < 0) {
        return -Errno.ENOSPC;
      }
      // Without one the slab's books are damaged. It keeps the reservation, so that it is full when
      // it ought to be: the next try is in that slab at most as often as it has slots.
      slot = directory.claim(slab, SizeClasses.slots(sizeClass));
    } while (slot < 0);
    int chunks = SizeClasses.chunksOf(sizeClass, slot);
    if (!memory.commit(slab, chunks, promised)) {
      boolean _ = directory.clearSlot(slab, slot);
      forget(slab, sizeClass, chunks);
      giveBack(slab, sizeClass, slot);
      return -Errno.ENOSPC;
    }
    return location(slab, sizeClass, slot);
  }

  /**
   * Takes a slot without asking the kernel for memory, for one who cannot wait.
   *
   * @return its place in bytes from the arena's start, or {@link #NOT_AT_HAND}
   */
  public long allocateAtHand(int bytes) {
    int sizeClass = SizeClasses.classOf(bytes);
    if (reserve != null) {
      return NOT_AT_HAND; // what is ready is had by allocate, which waits for nobody either
    }
    int slab = finder.reserve(sizeClass);
    int slot = slab < 0 ? -1 : directory.claim(slab, SizeClasses.slots(sizeClass));
    if (slot < 0) {
      return NOT_AT_HAND;
    }
    int missing =
        SizeClasses.chunksOf(sizeClass, slot) & ~SlabDirectory.chunks(directory.state(slab));
    if (missing != 0) {
      boolean _ = directory.clearSlot(slab, slot);
      giveBack(slab, sizeClass, slot);
      return NOT_AT_HAND;
    }
    return location(slab, sizeClass, slot);
  }

  /**
   * Takes a slot whose memory is there already and is not to be given back: where an object finds
   * room when there is no more memory, and where those go that are moved to give memory back.
   *
   * @return its place in bytes from the arena's start, or {@code -ENOSPC}
   */
  public long allocateInMemory(int sizeClass) {
    int start = finder.current(sizeClass);
    long location = allocateInMemory(sizeClass, start, slabs());
    return location < 0 ? allocateInMemory(sizeClass, 0, start) : location;
  }

  private long allocateInMemory(int sizeClass, int from, int end) {
    for (int slab = hints.next(sizeClass, from);
        slab >= 0 && slab < end;
        slab = hints.next(sizeClass, slab + 1)) {
      if (directory.reserve(slab, sizeClass, 1)) {
        int slot = directory.claimWithMemory(slab, sizeClass);
        if (slot >= 0) {
          finder.setCurrent(sizeClass, slab);
          return location(slab, sizeClass, slot);
        }
        discountAndTidy(slab, sizeClass);
      } else if (reserve != null) {
        finder.dropHint(sizeClass, slab); // nobody else would, and every search would pass here
      }
    }
    return -Errno.ENOSPC;
  }

  private static long location(int slab, int sizeClass, int slot) {
    return (long) slab * SLAB_BYTES + (long) slot * SizeClasses.slotBytes(sizeClass);
  }

  /**
   * Frees a slot that {@link #allocate} gave out for this many bytes. A slot that cannot be one,
   * because a damaged page table named it, is left alone.
   */
  public void free(long location, int bytes) {
    int sizeClass = SizeClasses.classOf(bytes);
    int slab = (int) (location / SLAB_BYTES);
    int slot = (int) (location % SLAB_BYTES) / SizeClasses.slotBytes(sizeClass);
    if (slab < slabs()
        && SlabDirectory.sizeClass(directory.state(slab)) == sizeClass
        && directory.clearSlot(slab, slot)) {
      giveBack(slab, sizeClass, slot);
    }
  }

  /**
   * Takes the slot of an object that the page table names, while a file is being opened; one
   * thread. False if no such slot exists or it is taken, which only a damaged table can cause.
   */
  public boolean restore(long location, int bytes) {
    int sizeClass = SizeClasses.classOf(bytes);
    int slotBytes = SizeClasses.slotBytes(sizeClass);
    int slab = (int) (location / SLAB_BYTES);
    int offset = (int) (location % SLAB_BYTES);
    int slot = offset / slotBytes;
    if (slab >= slabs() || offset % slotBytes != 0 || slot >= SizeClasses.slots(sizeClass)) {
      return false;
    }
    if (!directory.restore(slab, sizeClass, slot)) {
      return false;
    }
    memory.restore(slab, offset / CHUNK_BYTES, (offset + slotBytes - 1) / CHUNK_BYTES);
    return true;
  }

  /** Ends restoring: gives back the memory that no object needs, and makes the rest known. */
  public void finishRestore() {
    long unusedFrom = 0;
    for (int slab = 0; slab < slabs(); slab++) {
      long state = directory.state(slab);
      int sizeClass = SlabDirectory.sizeClass(state);
      if (sizeClass >= 0) {
        finder.noteUsed(slab);
        hints.clear(SlabHints.unused(), slab);
        if (SlabDirectory.count(state) < SizeClasses.slots(sizeClass)) {
          hints.set(sizeClass, slab);
        }
      }
      for (int chunks = SlabDirectory.chunks(state); chunks != 0; chunks &= chunks - 1) {
        long used = SlabMemory.position(slab, Integer.numberOfTrailingZeros(chunks));
        releaseGap(unusedFrom, used);
        unusedFrom = used + CHUNK_BYTES;
      }
    }
    releaseGap(unusedFrom, (long) slabs() * SLAB_BYTES);
  }

  private void releaseGap(long from, long to) {
    if (from < to) {
      file.release(from, to - from);
    }
  }

  /**
   * Gives back what the kernel may have granted of a chunk before it ran out of memory. Only who
   * has all slots of the chunk may: for another thread the kernel may have found the rest.
   */
  private void forget(int slab, int sizeClass, int chunks) {
    for (int left = chunks; left != 0; left &= left - 1) {
      int chunk = Integer.numberOfTrailingZeros(left);
      int first = SizeClasses.firstSlot(sizeClass, chunk);
      int last = SizeClasses.lastSlot(sizeClass, chunk);
      if (!directory.hasMemory(slab, chunk) && directory.reserve(slab, sizeClass, last - first)) {
        if (directory.claimRange(slab, first, last)) {
          if (!directory.hasMemory(slab, chunk)) {
            memory.releaseRest(slab, chunk);
          }
          directory.clearRange(slab, first, last);
        }
        long _ = discount(slab, sizeClass, last - first);
      }
    }
  }

  /**
   * Has writers take memory from a reserve from now on, and never from the kernel; before there are
   * any. What the arena holds already is mapped, so that nobody faults on it.
   *
   * @param mostSlabs the slabs that are to be ready; none is before {@link #refill}
   * @param onUse is told in a writer's thread when the reserve shrinks; must not wait
   */
  public void startReserve(int mostSlabs, Runnable onUse) {
    long prepared = (long) PREPARED_RESERVES * mostSlabs;
    for (int slab = 0; slab < slabs(); slab++) {
      memory.mapAgain(slab);
      if (slab < prepared && slab % (StoreFile.TABLE_BYTES / SLAB_BYTES) == 0) {
        memory.prepareToMap(slab);
      }
    }
    reserve = new SlabReserve(mostSlabs, onUse);
  }

  /** Whether writers take memory from a reserve only. */
  public boolean hasReserve() {
    return reserve != null;
  }

  /** The memory that is ready, in bytes; it counts as used. */
  public long reserveBytes() {
    return reserve == null ? 0 : (long) reserve.size() * SLAB_BYTES;
  }

  /** How often a writer found the reserve empty. */
  public long reserveFailures() {
    return reserve == null ? 0 : reserve.failures();
  }

  /**
   * Makes the reserve whole again, and slabs of classes that drew on it, whose addresses would be
   * lost otherwise. May wait for the kernel, for as long as memory is short: one thread's, which
   * nobody waits for.
   *
   * @return false if there is no memory, or the limit is reached
   */
  public boolean refill() {
    for (int sizeClass = 0; sizeClass < SizeClasses.count(); sizeClass++) {
      if (reserve.wasWanted(sizeClass) && !completeSlab(sizeClass)) {
        return false;
      }
    }
    while (reserve.isWanting()) {
      int slab = holdUnused();
      if (slab < 0 || !fill(slab)) {
        return false;
      }
      reserve.add(slab);
    }
    return true;
  }

  /**
   * Gives memory to the first slab of a class that lacks some, and takes what slabs of the reserve
   * have where no slot of the class lies.
   *
   * @return false if there is no memory
   */
  private boolean completeSlab(int sizeClass) {
    int useful = SizeClasses.usefulChunks(sizeClass);
    boolean complete = true;
    boolean completed = false;
    for (int slab = 0; (slab = hints.next(sizeClass, slab)) >= 0; slab++) {
      int missing = useful & ~SlabDirectory.chunks(directory.state(slab));
      int useless = SlabDirectory.chunks(directory.state(slab)) & ~useful;
      boolean lacks = missing != 0 && !completed;
      if ((lacks || useless != 0) && directory.reserveForNew(slab, sizeClass)) {
        if (lacks) {
          complete = memory.commitAlone(slab, missing);
          completed = true;
          markUntidy(slab); // its last object may be gone, and what is not used is not kept
        }
        memory.release(slab, useless);
        long _ = discount(slab, sizeClass, 1);
      }
    }
    return complete;
  }

  private int holdUnused() {
    for (int slab = 0; (slab = hints.next(SlabHints.unused(), slab)) >= 0; slab++) {
      hints.clear(SlabHints.unused(), slab);
      if (directory.hold(slab)) {
        return slab;
      }
    }
    return -1;
  }

  /** Gives all of its memory to a slab that is held; without it the slab is unused again. */
  private boolean fill(int slab) {
    if (memory.commitWhole(slab)) {
      return true;
    }
    directory.setUnused(slab);
    finder.noteUnused(slab);
    return false;
  }

  /** Follows the clearing of a slot's bit: its memory and its place in the count. */
  private void giveBack(int slab, int sizeClass, int slot) {
    if (lazy) {
      // The mark before the count: a slab that is still counted stays in its class.
      if (!SlabDirectory.isUntidy(directory.state(slab))) {
        markUntidy(slab);
      }
      long _ = discount(slab, sizeClass, 1);
      return;
    }
    int chunks = SizeClasses.chunksOf(sizeClass, slot);
    for (; chunks != 0; chunks &= chunks - 1) {
      reclaim(slab, sizeClass, Integer.numberOfTrailingZeros(chunks));
    }
    discountAndTidy(slab, sizeClass);
  }

  /** Ends a reservation, and does what others could not because of it. */
  private void discountAndTidy(int slab, int sizeClass) {
    long before = discount(slab, sizeClass, 1);
    for (int tries = 0; !lazy && SlabDirectory.isUntidy(before) && tries < TIDY_TRIES; tries++) {
      before = tidy(slab, sizeClass);
    }
  }

  private void markUntidy(int slab) {
    directory.setUntidy(slab);
    hints.set(SlabHints.untidy(), slab);
  }

  /** Gives the memory of all empty chunks back; false if there was none. Any thread. */
  public boolean tidy() {
    long before = budget.usedBytes();
    tidying.incrementAndGet();
    try {
      tidyAll();
    } finally {
      tidying.decrementAndGet();
    }
    return budget.usedBytes() < before;
  }

  private void tidyAll() {
    int untidy = SlabHints.untidy();
    for (int slab = 0; (slab = hints.next(untidy, slab)) >= 0; slab++) {
      hints.clear(untidy, slab);
      int sizeClass = SlabDirectory.sizeClass(directory.state(slab));
      if (sizeClass >= 0) {
        long _ = tidy(slab, sizeClass);
      }
    }
  }

  /** Whether a thread is giving memory back, which can be had in a moment. */
  public boolean isTidying() {
    return tidying.get() != 0;
  }

  /** Looks again at all chunks of a slab. */
  private long tidy(int slab, int sizeClass) {
    if (!directory.reserve(slab, sizeClass, 1)) {
      // If it is only full: whoever frees a slot of it sees the mark and leaves it at that.
      if (SlabDirectory.sizeClass(directory.state(slab)) == sizeClass) {
        hints.set(SlabHints.untidy(), slab);
      }
      return 0;
    }
    directory.clearUntidy(slab);
    for (int chunk = 0; chunk < SizeClasses.CHUNKS; chunk++) {
      reclaim(slab, sizeClass, chunk);
    }
    return discount(slab, sizeClass, 1);
  }

  /**
   * Chooses the chunks that compaction is to empty; one thread at a time.
   *
   * @return how many; their memory comes back when all of their objects have moved
   */
  public int planEvacuation() {
    boolean _ = tidy();
    return evacuation.plan(finder.usedSlabs());
  }

  /** Whether an object of this many bytes is to move. */
  public boolean isToMove(long location, int bytes) {
    return location < (long) slabs() * SLAB_BYTES
        && bytes <= SizeClasses.MAX_OBJECT_BYTES // a damaged entry may say anything
        && evacuation.contains(location, bytes);
  }

  /** Leaves the chunks of the object's slab where they are: there is no room for it elsewhere. */
  public void stayAt(long location) {
    evacuation.spare((int) (location / SLAB_BYTES));
  }

  /** Ends what was planned, and returns how many of the chosen chunks gave their memory back. */
  public int endEvacuation() {
    boolean _ = tidy();
    return evacuation.end();
  }

  /**
   * Gives a chunk back if nothing lies in it. The free slots are taken first, so that nobody can
   * start to use one meanwhile; the caller's own reservation keeps the slab in its class.
   *
   * <p>Slots taken like that look used to others who free objects beside them. So after success
   * both neighbours are looked at, and after a failure the slab is marked, for the caller itself or
   * whoever was in the way to {@link #tidy} it.
   */
  private void reclaim(int slab, int sizeClass, int chunk) {
    int first = SizeClasses.firstSlot(sizeClass, chunk);
    int last = SizeClasses.lastSlot(sizeClass, chunk);
    if (first > last) {
      memory.release(slab, 1 << chunk); // a slab of the reserve: nobody has a use for it here
      return;
    }
    int others = last - first;
    if (!directory.hasMemory(slab, chunk)
        || !directory.isClear(slab, first, last)
        || !reserveOrMark(slab, sizeClass, others)) {
      return;
    }
    boolean claimed = directory.claimRange(slab, first, last);
    if (claimed) {
      memory.release(slab, 1 << chunk);
      directory.clearRange(slab, first, last);
    } else {
      markUntidy(slab);
    }
    long _ = discount(slab, sizeClass, others);
    if (claimed && chunk > 0) {
      reclaim(slab, sizeClass, chunk - 1);
    }
    if (claimed && chunk + 1 < SizeClasses.CHUNKS) {
      reclaim(slab, sizeClass, chunk + 1);
    }
  }

  /** Reserves slots, or leaves a mark that whoever holds too many will see when done. */
  private boolean reserveOrMark(int slab, int sizeClass, int slots) {
    if (directory.reserve(slab, sizeClass, slots)) {
      return true;
    }
    markUntidy(slab);
    return directory.reserve(slab, sizeClass, slots);
  }

  /** Discounts slots, and returns the slab's state before. */
  private long discount(int slab, int sizeClass, int slots) {
    long state = directory.unreserve(slab, slots);
    int before = SlabDirectory.count(state);
    if (before == SizeClasses.slots(sizeClass)) {
      hints.set(sizeClass, slab);
    }
    boolean isKept = lazy && SlabDirectory.chunks(state) != 0;
    if (before == slots && !isKept) {
      retire(slab, sizeClass);
    }
    return state;
  }

  private void retire(int slab, int sizeClass) {
    long state = directory.retire(slab, sizeClass);
    if (state == 0) {
      return;
    }
    hints.clear(sizeClass, slab);
    memory.releaseRetired(slab, SlabDirectory.chunks(state));
    directory.setUnused(slab);
    finder.noteUnused(slab);
  }
}
