package io.zublk.store;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.uring.sys.LinuxException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A block device whose contents are compressed pages in a shared-memory file.
 *
 * <p>Any number of threads may use it, each through its own channel, also on the same pages. Every
 * write that returned 0 is in the file: after the process was killed, {@link #open} finds it.
 */
public final class PageStore implements BlockDevice, AutoCloseable {

  private final StoreFile file;
  private final StoreOptions options;
  private final Geometry geometry;
  private final PageTable table;
  private final MemoryBudget budget;
  private final SlabArena arena;
  private final StagingArea staging;
  private final Compactor compactor;
  private final Room room;
  private final StoreWorkers workers;

  /** The counters of every open channel, and first those of all closed ones and of recovery. */
  private final List<Counters> counters = new ArrayList<>(List.of(new Counters()));

  private final AtomicBoolean closed = new AtomicBoolean();

  /** A store in an empty file, whose workers are not started. */
  PageStore(StoreFile file, StoreTuning tuning) throws LinuxException {
    this.file = file;
    this.options = file.options();
    this.geometry = new Geometry(options.sizeBytes(), PageAccess.PAGE_BYTES);
    this.table = new PageTable(file.memory(), file.layout().tableOffset);
    this.budget = new MemoryBudget(file.layout().metadataBytes(), file.memLimit());
    this.arena = new SlabArena(file, budget, tuning.workers() > 0);
    int stagingPages = tuning.workers() == 0 ? 0 : tuning.stagingPages();
    this.staging = new StagingArea(file, budget, stagingPages, tuning.batchPages());
    this.compactor = new Compactor(table, arena, file.layout().pages);
    this.room = new Room(staging, compactor);
    this.workers = new StoreWorkers(this, staging, tuning);
    budget.setFileSystemRoom(file.availableBytes());
  }

  /**
   * Makes an empty store in a new file, which should lie on a tmpfs.
   *
   * @throws IOException if the file exists, or there is no memory for its page table
   */
  public static PageStore create(Path path, StoreOptions options) throws IOException {
    return create(path, options, StoreTuning.INLINE);
  }

  /** Makes an empty store that uses the machine as {@code tuning} says. */
  public static PageStore create(Path path, StoreOptions options, StoreTuning tuning)
      throws IOException {
    StoreFile made = StoreFile.create(path, options, tuning.numaNode());
    try {
      return start(made, tuning, false);
    } catch (Throwable t) {
      Files.deleteIfExists(path); // nobody else would: whoever asked for a store has none
      throw t;
    }
  }

  /**
   * Opens the store that a process left behind, however it ended.
   *
   * @throws IOException if the file is no store, or another process has it open
   */
  public static PageStore open(Path path) throws IOException {
    return open(path, StoreTuning.INLINE);
  }

  /** Opens the store that a process left behind, to use the machine as {@code tuning} says. */
  public static PageStore open(Path path, StoreTuning tuning) throws IOException {
    return start(StoreFile.open(path, tuning.numaNode()), tuning, true);
  }

  private static PageStore start(StoreFile file, StoreTuning tuning, boolean restore)
      throws IOException {
    try {
      if (restore) {
        file.clearDerived();
      }
      PageStore store = new PageStore(file, tuning);
      if (restore) {
        store.restore();
      }
      store.workers.start();
      return store;
    } catch (Throwable t) {
      file.close();
      throw t;
    }
  }

  private void restore() throws IOException {
    PageAccess access = openAccess(null);
    try {
      new StoreRecovery(file, table, arena, counters.getFirst()).restore(access, budget);
    } finally {
      close(access);
    }
  }

  /** The options that the store was made with, and the memory limit of now. */
  public StoreOptions options() {
    return new StoreOptions(options.sizeBytes(), options.codec(), file.memLimit());
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  /** Opens a channel for one thread; it takes the memory of a codec and four pages. */
  @Override
  public BlockChannel openChannel() {
    try {
      PageAccess access = openAccess(new StagingWriter(staging, workers));
      return new PageChannel(this, table, access, new LargeRead(workers));
    } catch (LinuxException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Opens what one thread needs; without a writer, it compresses what it writes at once. */
  PageAccess openAccess(StagingWriter writer) throws LinuxException {
    Counters own = new Counters();
    PageAccess access = new PageAccess(file, table, arena, options.codec(), own, writer, room);
    synchronized (counters) {
      counters.add(own);
    }
    return access;
  }

  StoreWorkers workers() {
    return workers;
  }

  /** Closes what {@link #openAccess} opened, and keeps what it counted; once. */
  void close(PageAccess access) {
    synchronized (counters) {
      if (!counters.remove(access.counters())) {
        return;
      }
      counters.getFirst().addAll(access.counters());
    }
    access.close();
  }

  /**
   * Waits until everything is compressed that was written before.
   *
   * @return false if some of it could not be for want of memory; it is kept as it is
   */
  public boolean settle() {
    return workers.settle();
  }

  /**
   * Gives memory that nothing lies in back to the kernel now; workers do it within a second or two.
   *
   * @return false if there was none
   */
  public boolean trim() {
    boolean staged = staging.trim();
    return arena.tidy() || staged;
  }

  /**
   * Moves objects together so that as much memory as possible comes back now; workers do it by
   * themselves, a little at a time, when a twelfth of the arena or more is unused. Any thread.
   *
   * @return false if there was nothing to win
   */
  public boolean compact() {
    PageAccess access;
    try {
      access = openAccess(null);
    } catch (LinuxException e) {
      throw new UncheckedIOException(e);
    }
    try {
      return compactor.run(access);
    } finally {
      close(access);
    }
  }

  /** A step of that, and a look at what the file system has; false if there is no more to do. */
  boolean compactStep(PageAccess access) {
    budget.setFileSystemRoom(file.availableBytes());
    return compactor.step(access, arenaBytes(), liveBytes());
  }

  /** What changes with all that may need a {@link #compactStep}; cheap. */
  long slackBytes() {
    return budget.usedBytes() - liveBytes();
  }

  private long arenaBytes() {
    return budget.usedBytes() - file.layout().metadataBytes() - staging.memoryBytes();
  }

  private long liveBytes() {
    return sum(Counter.OBJECT_BYTES) - sum(Counter.STAGED_PAGES) * PageAccess.PAGE_BYTES;
  }

  /** Limits {@link StoreStats#memUsedTotal}; what is stored stays. 0: no limit. Any thread. */
  public void setMemLimit(long bytes) {
    StoreOptions checked = new StoreOptions(options.sizeBytes(), options.codec(), bytes);
    file.setMemLimit(checked.memLimitBytes());
    budget.setLimit(checked.memLimitBytes());
  }

  /** What the store holds now. Any thread. */
  public StoreStats stats() {
    return new StoreStats(
        sum(Counter.PAGES) * PageAccess.PAGE_BYTES,
        sum(Counter.OBJECT_BYTES),
        budget.usedBytes(),
        file.memLimit(),
        budget.mostUsedBytes(),
        sum(Counter.SAME_PAGES),
        compactor.chunksFreed() * (SizeClasses.CHUNK_BYTES / PageAccess.PAGE_BYTES),
        sum(Counter.RAW_PAGES),
        sum(Counter.RAW_PAGES_SINCE),
        sum(Counter.FAILED_READS),
        sum(Counter.FAILED_WRITES),
        sum(Counter.INVALID_IO),
        sum(Counter.FREED_PAGES),
        sum(Counter.CHECKSUM_ERRORS),
        sum(Counter.STAGED_PAGES),
        sum(Counter.STAGED_PAGES_SINCE),
        sum(Counter.UNSTAGED_PAGES),
        sum(Counter.OVERTAKEN_PAGES),
        sum(Counter.BATCHES),
        sum(Counter.SHARED_READS));
  }

  private long sum(Counter counter) {
    synchronized (counters) {
      long sum = 0;
      for (int i = 0; i < counters.size(); i++) { // a stream would be garbage of the workers'
        sum += counters.get(i).get(counter);
      }
      return sum;
    }
  }

  /** What the kernel says that the store file occupies, in bytes: the check of our own count. */
  public long allocatedBytes() throws IOException {
    return file.allocatedBytes();
  }

  /** Unmaps the file, once, and leaves it where it is. No channel may be in use any more. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      workers.shutDown();
      file.close();
    }
  }
}
