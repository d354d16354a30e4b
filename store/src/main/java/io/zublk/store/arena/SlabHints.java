package io.zublk.store.arena;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.zublk.store.file.StoreFile;
import io.zublk.store.file.StoreLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Where to look: for every size class, the slabs that may have a free slot; the slabs that no class
 * uses; the slabs to tidy; and those with chunks to be emptied. A bit is a hint, not a truth; that
 * is the slab's own state.
 *
 * <p>Lock-free. Whoever makes a slab useful sets its bit afterwards; whoever finds it useless
 * clears the bit and then looks at the slab once more.
 */
final class SlabHints {

  private static final VarHandle WORD = JAVA_LONG.varHandle();

  static {
    assert StoreLayout.HINT_SETS == SizeClasses.count() + 3;
  }

  private final StoreFile file;
  private final StoreLayout layout;
  private final MemorySegment memory;

  SlabHints(StoreFile file) {
    this.file = file;
    this.memory = file.memory();
    this.layout = file.layout();
  }

  /** The set of slabs that no class uses. */
  static int unused() {
    return SizeClasses.count();
  }

  /** The set of slabs whose empty chunks may have kept their memory. */
  static int untidy() {
    return SizeClasses.count() + 1;
  }

  /** The set of slabs with chunks that are to be emptied. */
  static int sources() {
    return SizeClasses.count() + 2;
  }

  boolean contains(int set, int slab) {
    long word = (long) WORD.getOpaque(memory, at(set, slab >>> 6));
    return ((word >>> slab) & 1) != 0;
  }

  void set(int set, int slab) {
    long _ = (long) WORD.getAndBitwiseOr(memory, at(set, slab >>> 6), 1L << slab);
  }

  void clear(int set, int slab) {
    long _ = (long) WORD.getAndBitwiseAnd(memory, at(set, slab >>> 6), ~(1L << slab));
  }

  /** The first slab of the set from {@code from} on, or -1. Low slabs fill first: that packs. */
  int next(int set, int from) {
    int index = from >>> 6;
    int words = file.extent().hintWords;
    long mask = -1L << from;
    for (; index < words; index++, mask = -1L) {
      long word = (long) WORD.getAcquire(memory, at(set, index)) & mask;
      if (word != 0) {
        return (index << 6) | Long.numberOfTrailingZeros(word);
      }
    }
    return -1;
  }

  private long at(int set, int index) {
    return layout.hint(set, index);
  }
}
