package io.zublk.store.page;

import io.zublk.store.arena.SlabArena;
import io.zublk.store.staging.StagingArea;
import io.zublk.store.table.Naps;

/**
 * How a write finds memory when there is none left: by one measure after another, the cheapest
 * first. Only when all have failed do the data not fit. One thread's, which holds no entry's lock.
 */
final class RoomMaker {

  /** Trimming, draining, compacting; and again, for what others took meanwhile. */
  static final int MEASURES = 4;

  /** Naps of a millisecond for what other threads are about to free: they need less than that. */
  private static final int MAX_NAPS = 100;

  private final SlabArena arena;
  private final StagingArea staging;
  private final StagedCompressor compressor;
  private final Compactor compactor;
  private final PageMover mover;

  RoomMaker(
      SlabArena arena,
      StagingArea staging,
      StagedCompressor compressor,
      Compactor compactor,
      PageMover mover) {
    this.arena = arena;
    this.staging = staging;
    this.compressor = compressor;
    this.compactor = compactor;
    this.mover = mover;
  }

  /** Takes a measure, 0 to {@link #MEASURES} - 1; false if trying again is of no use after it. */
  boolean make(int measure) {
    if (arena.hasReserve()) {
      return false; // memory that comes back goes by way of the kernel, and writers wait for nobody
    }
    return switch (measure) {
      case 0 -> trim();
      case 1 -> drain();
      default -> compactor.makeRoom(mover);
    };
  }

  /** Gives free memory back; what others are giving back is not free yet, but soon. */
  private boolean trim() {
    boolean others = arena.isTidying();
    for (int naps = 0; naps < MAX_NAPS && arena.isTidying(); naps++) {
      Naps.millisecond();
    }
    return staging.trim() || others;
  }

  /** Compresses what is staged: pages that wait hold twice what they need at most. */
  private boolean drain() {
    boolean drained = false;
    for (int batch = staging.takeAny(0);
        batch != StagingArea.NONE;
        batch = staging.takeAny(batch + 1)) {
      drained |= compressor.compressBatch(staging, batch);
    }
    boolean others = staging.isBusy();
    for (int naps = 0; naps < MAX_NAPS && staging.isBusy(); naps++) {
      Naps.millisecond();
    }
    return staging.trim() || drained || others;
  }
}
