package io.zublk.store.arena;

import static io.zublk.store.arena.SizeClasses.CHUNK_BYTES;
import static io.zublk.store.file.StoreLayout.SLAB_BYTES;

import io.zublk.store.file.StoreFile;

/**
 * The memory of slabs' chunks: had from the kernel within the limit, marked in the directory, and
 * given back. Chunks come as sets, a bit for each. Any thread; no lock, no Java object.
 */
final class SlabMemory {

  private final StoreFile file;
  private final SlabDirectory directory;
  private final MemoryBudget budget;

  SlabMemory(StoreFile file, SlabDirectory directory, MemoryBudget budget) {
    this.file = file;
    this.directory = directory;
    this.budget = budget;
  }

  /** Where a chunk is, in bytes from the arena's start. */
  static long position(int slab, int chunk) {
    return (long) slab * SLAB_BYTES + (long) chunk * CHUNK_BYTES;
  }

  /**
   * Makes sure that chunks have memory.
   *
   * @param promised whether it was {@linkplain MemoryBudget#promise promised}
   * @return false if not all have: the limit is reached, or the kernel has no more
   */
  boolean commit(int slab, int chunks, boolean promised) {
    int missing = chunks & ~SlabDirectory.chunks(directory.state(slab));
    for (; missing != 0; missing &= missing - 1) {
      if (!commitChunk(slab, Integer.numberOfTrailingZeros(missing), promised)) {
        return false;
      }
    }
    return true;
  }

  /**
   * The same, where no other thread gives memory to chunks, by one that may wait for it: nothing of
   * a failure is left.
   */
  boolean commitAlone(int slab, int chunks) {
    for (int left = chunks; left != 0; left &= left - 1) {
      int chunk = Integer.numberOfTrailingZeros(left);
      if (!budget.take(CHUNK_BYTES)
          || !counted(slab, chunk, file.commitPatiently(position(slab, chunk), CHUNK_BYTES))) {
        releaseRest(slab, chunk);
        return false;
      }
    }
    return true;
  }

  private boolean commitChunk(int slab, int chunk, boolean promised) {
    // Committing twice does no harm, so threads that need the same chunk need not agree first.
    return budget.take(CHUNK_BYTES, promised)
        && counted(slab, chunk, file.commit(position(slab, chunk), CHUNK_BYTES));
  }

  /** Keeps of what was taken of the budget what this chunk is the first to need. */
  private boolean counted(int slab, int chunk, int result) {
    if (result < 0) {
      budget.giveBack(CHUNK_BYTES);
      return false;
    }
    if (!directory.setChunk(slab, chunk)) {
      budget.giveBack(CHUNK_BYTES);
    }
    return true;
  }

  /**
   * Memory for a slab that nobody has yet, in one piece, by a thread that may wait for it; its
   * chunks are not marked.
   */
  boolean commitWhole(int slab) {
    if (!budget.take(SLAB_BYTES)) {
      return false;
    }
    if (file.commitPatiently(position(slab, 0), SLAB_BYTES) == 0) {
      return true;
    }
    file.release(position(slab, 0), SLAB_BYTES);
    budget.giveBack(SLAB_BYTES);
    return false;
  }

  /** Has the pages of all chunks with memory mapped, so that nobody faults on them. */
  void mapAgain(int slab) {
    int chunks = SlabDirectory.chunks(directory.state(slab));
    for (; chunks != 0; chunks &= chunks - 1) {
      int _ = file.commit(position(slab, Integer.numberOfTrailingZeros(chunks)), CHUNK_BYTES);
    }
  }

  /** Has what it takes to map pages of a slab that has none, before anybody uses the arena. */
  void prepareToMap(int slab) {
    if (SlabDirectory.chunks(directory.state(slab)) == 0) {
      file.prepareToMap(position(slab, 0));
    }
  }

  /** Marks chunks that a file being opened has memory for; one thread. */
  void restore(int slab, int first, int last) {
    for (int chunk = first; chunk <= last; chunk++) {
      if (directory.setChunk(slab, chunk)) {
        budget.takeAnyway(CHUNK_BYTES);
      }
    }
  }

  /** Gives chunks back; of several threads that would, one does. */
  void release(int slab, int chunks) {
    for (int left = chunks; left != 0; left &= left - 1) {
      int chunk = Integer.numberOfTrailingZeros(left);
      if (directory.clearChunk(slab, chunk)) {
        releaseCounted(slab, chunk);
      }
    }
  }

  /** Gives back what a slab had that is nobody's any more, marks included. */
  void releaseRetired(int slab, int chunks) {
    for (int left = chunks; left != 0; left &= left - 1) {
      releaseCounted(slab, Integer.numberOfTrailingZeros(left));
    }
  }

  private void releaseCounted(int slab, int chunk) {
    file.release(position(slab, chunk), CHUNK_BYTES);
    budget.giveBack(CHUNK_BYTES);
  }

  /**
   * Gives back what the kernel may have granted of a chunk before it ran out: it is not counted.
   */
  void releaseRest(int slab, int chunk) {
    file.release(position(slab, chunk), CHUNK_BYTES);
  }
}
