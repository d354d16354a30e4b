package io.zublk.store;

/**
 * How a write finds memory when there is none left: by one measure after another, the cheapest
 * first. Only when all have failed do the data not fit. Any thread, holding no entry's lock.
 */
final class Room {

  /** Trimming, draining, compacting; and again, for what others took meanwhile. */
  static final int MEASURES = 4;

  /** Naps of a millisecond for batches that workers have taken: each takes them less than that. */
  private static final int MAX_NAPS = 100;

  private final StagingArea staging;
  private final Compactor compactor;
  private final SparePage spare = new SparePage();

  Room(StagingArea staging, Compactor compactor) {
    this.staging = staging;
    this.compactor = compactor;
  }

  /** Where a page waits that can only be replaced in place. */
  SparePage spare() {
    return spare;
  }

  /** Takes a measure, 0 to {@link #MEASURES} - 1; false if trying again is of no use after it. */
  boolean make(int measure, PageAccess access) {
    return switch (measure) {
      case 0 -> staging.trim();
      case 1 -> drain(access);
      default -> compactor.run(access);
    };
  }

  /** Compresses what is staged: pages that wait hold twice what they need at most. */
  private boolean drain(PageAccess access) {
    boolean drained = false;
    for (int batch = staging.takeAny(0);
        batch != StagingArea.NONE;
        batch = staging.takeAny(batch + 1)) {
      drained |= access.compressBatch(staging, batch);
    }
    for (int naps = 0; naps < MAX_NAPS && staging.isBusy(); naps++) {
      Naps.millisecond();
    }
    return staging.trim() || drained;
  }
}
