package io.zublk.store.page;

import io.zublk.store.arena.SizeClasses;
import io.zublk.store.arena.SlabArena;

/** A slot that is taken before it is certain what it is for. One thread's. */
final class PreparedSlot {

  private static final long NONE = -1;

  private final SlabArena arena;
  private long location = NONE;
  private int bytes;

  PreparedSlot(SlabArena arena) {
    this.arena = arena;
  }

  /** Takes a slot for an object of this many bytes, and no other; 0 or {@code -ENOSPC}. */
  int take(int wanted) {
    free();
    long taken = arena.allocate(wanted, false);
    if (taken < 0) {
      return (int) taken;
    }
    location = taken;
    bytes = wanted;
    return 0;
  }

  /** Whether there is a slot of the size that so many bytes need. */
  boolean isFor(int wanted) {
    return location != NONE && SizeClasses.classOf(wanted) == SizeClasses.classOf(bytes);
  }

  /** Hands the slot over; returns its place in bytes from the arena's start. */
  long use() {
    long used = location;
    location = NONE;
    return used;
  }

  /** Frees the slot, if there is one. */
  void free() {
    if (location != NONE) {
      arena.free(use(), bytes);
    }
  }
}
