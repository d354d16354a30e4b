package io.zublk.store;

/**
 * One thread's batch of the {@link StagingArea}: pages that this thread writes one after another
 * stay together.
 */
final class StagingWriter {

  private final StagingArea area;
  private final StoreWorkers workers;
  private int batch = StagingArea.NONE;
  private int count;

  StagingWriter(StagingArea area, StoreWorkers workers) {
    this.area = area;
    this.workers = workers;
  }

  /** The place of the slot for the next page, or -1 if the pool is exhausted. */
  long nextSlot() {
    if (batch == StagingArea.NONE) {
      batch = area.open();
      count = 0;
    }
    return batch == StagingArea.NONE ? -1 : area.location(batch, count);
  }

  /** Adds the page whose bytes are in that slot, and whose entry the caller has locked. */
  void add(long page) {
    area.add(batch, count++, page);
  }

  /** Has a worker look at what was added; the entry is no longer locked. */
  void announce() {
    if (count == area.batchPages()) {
      batch = StagingArea.NONE;
      workers.wakeForBatch();
    } else {
      workers.wakeForTimeout();
    }
  }

  /** Makes room by giving back the pool's free memory; false if it has none. */
  boolean trim() {
    return area.trim();
  }

  /** Leaves an incomplete batch to the workers. */
  void close() {
    if (batch != StagingArea.NONE) {
      area.close(batch);
      batch = StagingArea.NONE;
      workers.wakeForBatch();
    }
  }
}
