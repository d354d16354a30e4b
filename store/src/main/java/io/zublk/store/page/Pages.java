package io.zublk.store.page;

import io.zublk.codec.PackingSpec;
import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.arena.SlabArena;
import io.zublk.store.file.StoreFile;
import io.zublk.store.staging.StagingArea;
import io.zublk.store.staging.StagingWriter;
import io.zublk.store.table.PageTable;
import io.zublk.uring.sys.LinuxException;
import java.lang.invoke.VarHandle;

/** All pages of a store, and what the threads share that work on them. Any thread. */
public final class Pages {

  private final StoreFile file;
  private final PackingSpec packing;
  private final PageTable table;
  private final SlabArena arena;
  private final StagingArea staging;
  private final StoreCounters counters = new StoreCounters();
  private final Compactor compactor;
  private final SparePage spare = new SparePage();
  private final Moments moments = new Moments();

  /** The pages of a file, which are packed with {@code packing} when they are written. */
  public Pages(
      StoreFile file,
      PackingSpec packing,
      MemoryBudget budget,
      SlabArena arena,
      StagingArea staging) {
    this.file = file;
    this.packing = packing;
    this.table = new PageTable(file.memory(), file.layout().tableOffset);
    this.arena = arena;
    this.staging = staging;
    ArenaUse use = new ArenaUse(file, budget, arena, staging, counters);
    this.compactor = new Compactor(file, table, arena, use);
  }

  /** Opens an access for one thread, which compresses what it writes at once. */
  public PageAccess open() throws LinuxException {
    return new PageAccess(this, null);
  }

  /** Opens an access for one thread, which stages what it writes as long as there is room. */
  public PageAccess open(StagingWriter writer) throws LinuxException {
    return new PageAccess(this, writer);
  }

  public StoreFile file() {
    return file;
  }

  PackingSpec packing() {
    return packing;
  }

  public PageTable table() {
    return table;
  }

  public SlabArena arena() {
    return arena;
  }

  public StagingArea staging() {
    return staging;
  }

  public StoreCounters counters() {
    return counters;
  }

  public Compactor compactor() {
    return compactor;
  }

  /** Where a page waits that can only be replaced in place. */
  SparePage spare() {
    return spare;
  }

  /** What every write looks at before it replaces a page. */
  Moments moments() {
    return moments;
  }

  /** Has pages kept as they are at the moment when this returns; one moment at a time. */
  public Moment beginMoment() throws LinuxException {
    Moment moment = new Moment(file, table);
    moments.set(moment);
    VarHandle.fullFence(); // no page may be read before all writers can see the moment
    return moment;
  }

  /** Has no more pages kept. Writes that are under way may still know the moment. */
  public void endMoment() {
    moments.set(null);
  }
}
