package io.zublk.store.page;

import io.zublk.block.Geometry;
import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.arena.SlabArena;
import io.zublk.store.file.StoreFile;
import io.zublk.store.staging.StagingArea;

/** How much memory the arena takes, and how much of it is of use. Any thread. */
final class ArenaUse {

  private final StoreFile file;
  private final MemoryBudget budget;
  private final SlabArena arena;
  private final StagingArea staging;
  private final StoreCounters counters;

  ArenaUse(
      StoreFile file,
      MemoryBudget budget,
      SlabArena arena,
      StagingArea staging,
      StoreCounters counters) {
    this.file = file;
    this.budget = budget;
    this.arena = arena;
    this.staging = staging;
    this.counters = counters;
  }

  /** The arena's memory, in bytes, without what is kept ready: compaction would not win that. */
  long memoryBytes() {
    return budget.usedBytes()
        - file.extent().metadataBytes
        - staging.memoryBytes()
        - arena.reserveBytes();
  }

  /** What of it no object needs, in bytes: free slots, rounding and checksums. */
  long slackBytes() {
    long staged = counters.sum(Counter.STAGED_PAGES) * Geometry.PAGE_BYTES;
    return memoryBytes() - (counters.sum(Counter.OBJECT_BYTES) - staged);
  }
}
