package io.zublk.store.staging;

/**
 * One thread's batch of the {@link StagingArea}: pages that this thread writes one after another
 * stay together.
 */
public final class StagingWriter {

  private final StagingArea area;
  private final BatchAlarm alarm;
  private final long name;
  private int batch = StagingArea.NONE;
  private int count;

  public StagingWriter(StagingArea area, BatchAlarm alarm) {
    this.area = area;
    this.alarm = alarm;
    this.name = area.newWriter();
  }

  /**
   * Begins a page: the place of its slot, or -1 if the pool is exhausted. What was begun is {@link
   * #add added} or {@link #cancel cancelled}.
   */
  public long nextSlot() {
    if (batch == StagingArea.NONE || !area.begin(batch, name)) {
      batch = area.open(name);
      count = 0;
    }
    return batch == StagingArea.NONE ? -1 : area.location(batch, count);
  }

  /** Adds the page whose bytes are in that slot, and whose entry the caller has locked. */
  public void add(long page) {
    area.add(batch, count++, page);
  }

  /** Leaves the page that was begun. */
  public void cancel() {
    area.cancel(batch);
  }

  /** Has a worker look at what was added; the entry is no longer locked. */
  public void announce() {
    boolean isComplete = count == area.batchPages();
    if (isComplete) {
      batch = StagingArea.NONE;
    }
    alarm.ring(isComplete);
  }

  /** Leaves an incomplete batch to the workers. */
  public void close() {
    if (batch != StagingArea.NONE) {
      area.close(batch, name);
      batch = StagingArea.NONE;
      alarm.ring(true);
    }
  }
}
