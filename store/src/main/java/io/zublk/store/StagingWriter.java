package io.zublk.store;

/**
 * One thread's batch of the {@link StagingArea}: pages that this thread writes one after another
 * stay together.
 */
final class StagingWriter {

  private final StagingArea area;
  private final StoreWorkers workers;
  private final long name;
  private int batch = StagingArea.NONE;
  private int count;

  StagingWriter(StagingArea area, StoreWorkers workers) {
    this.area = area;
    this.workers = workers;
    this.name = area.newWriter();
  }

  /**
   * Begins a page: the place of its slot, or -1 if the pool is exhausted. What was begun is {@link
   * #add added} or {@link #cancel cancelled}.
   */
  long nextSlot() {
    if (batch == StagingArea.NONE || !area.begin(batch, name)) {
      batch = area.open(name);
      count = 0;
    }
    return batch == StagingArea.NONE ? -1 : area.location(batch, count);
  }

  /** Adds the page whose bytes are in that slot, and whose entry the caller has locked. */
  void add(long page) {
    area.add(batch, count++, page);
  }

  /** Leaves the page that was begun. */
  void cancel() {
    area.cancel(batch);
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

  /** Leaves an incomplete batch to the workers. */
  void close() {
    if (batch != StagingArea.NONE) {
      area.close(batch, name);
      batch = StagingArea.NONE;
      workers.wakeForBatch();
    }
  }
}
