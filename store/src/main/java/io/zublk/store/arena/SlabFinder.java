package io.zublk.store.arena;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Finds a slab for the next object of a class: the one it used last, one that may have room, or an
 * unused one. What it remembers may be wrong, which costs another look. Any thread; lock-free.
 */
final class SlabFinder {

  private final SlabDirectory directory;
  private final SlabHints hints;

  /** The slab that each class allocated from last. */
  private final AtomicIntegerArray current = new AtomicIntegerArray(SizeClasses.count());

  /** Where to look for an unused slab first. */
  private final AtomicInteger lowestUnused = new AtomicInteger();

  /** One more than the highest slab that any class ever used: beyond it there is nothing to do. */
  private final AtomicInteger usedSlabs = new AtomicInteger();

  SlabFinder(SlabDirectory directory, SlabHints hints) {
    this.directory = directory;
    this.hints = hints;
  }

  int current(int sizeClass) {
    return current.getPlain(sizeClass);
  }

  void setCurrent(int sizeClass, int slab) {
    current.setPlain(sizeClass, slab);
  }

  int usedSlabs() {
    return usedSlabs.get();
  }

  /** Reserves a slot in the class's present slab or a new one; the slab, or -1. */
  int reserve(int sizeClass) {
    int slab = current.getPlain(sizeClass);
    if (!directory.reserveForNew(slab, sizeClass)) {
      slab = find(sizeClass);
      if (slab >= 0) {
        current.setPlain(sizeClass, slab);
      }
    }
    return slab;
  }

  /** A slab with one slot reserved, or -1 if there is neither one nor addresses for one. */
  private int find(int sizeClass) {
    for (int slab = 0; (slab = hints.next(sizeClass, slab)) >= 0; slab++) {
      if (directory.reserveForNew(slab, sizeClass)) {
        return slab;
      }
      dropHint(sizeClass, slab);
    }
    int slab = takeUnused(sizeClass, lowestUnused.getPlain());
    return slab >= 0 ? slab : takeUnused(sizeClass, 0);
  }

  private int takeUnused(int sizeClass, int from) {
    int unused = SlabHints.unused();
    for (int slab = from; (slab = hints.next(unused, slab)) >= 0; slab++) {
      hints.clear(unused, slab);
      if (directory.assign(slab, sizeClass)) {
        lowestUnused.setPlain(slab + 1);
        hints.set(sizeClass, slab);
        noteUsed(slab);
        return slab;
      }
    }
    return -1;
  }

  /** A class has begun to use a slab. */
  void noteUsed(int slab) {
    if (slab >= usedSlabs.getPlain()) {
      usedSlabs.accumulateAndGet(slab + 1, Math::max);
    }
  }

  /** No class uses a slab any more. */
  void noteUnused(int slab) {
    hints.set(SlabHints.unused(), slab);
    if (slab < lowestUnused.getPlain()) {
      lowestUnused.setPlain(slab);
    }
  }

  /** Clears a hint that proved wrong, unless it came true again meanwhile. */
  void dropHint(int sizeClass, int slab) {
    hints.clear(sizeClass, slab);
    long state = directory.state(slab);
    if (SlabDirectory.sizeClass(state) == sizeClass
        && SlabDirectory.count(state) < SizeClasses.slots(sizeClass)) {
      hints.set(sizeClass, slab);
    }
  }
}
