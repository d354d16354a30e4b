package io.zublk.store;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.block.Threads;
import io.zublk.codec.PackingSpec;
import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.arena.SizeClasses;
import io.zublk.store.arena.SlabArena;
import io.zublk.store.file.StoreFile;
import io.zublk.store.file.StoreLayout;
import io.zublk.store.page.Counter;
import io.zublk.store.page.Moment;
import io.zublk.store.page.PageAccess;
import io.zublk.store.page.Pages;
import io.zublk.store.save.Restorer;
import io.zublk.store.save.Saver;
import io.zublk.store.staging.StagingArea;
import io.zublk.store.staging.StagingWriter;
import io.zublk.store.work.LargeRead;
import io.zublk.store.work.ReserveKeeper;
import io.zublk.store.work.StoreWorkers;
import io.zublk.uring.sys.LinuxException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * A block device whose contents are compressed pages in a shared-memory file.
 *
 * <p>Any number of threads may use it, each through its own channel, also on the same pages. Every
 * write that returned 0 is in the file: after the process was killed, {@link #open} finds it.
 */
public final class PageStore implements BlockDevice, AutoCloseable {

  /** The oldest layout of a file that can be opened. */
  public static final int OLDEST_LAYOUT = StoreFile.OLDEST_VERSION;

  /** The newest, which new files have. */
  public static final int NEWEST_LAYOUT = StoreFile.NEWEST_VERSION;

  /** How a store comes to its contents, before anybody uses it. */
  @FunctionalInterface
  private interface Filling {
    void fill(Pages pages, MemoryBudget budget) throws IOException;
  }

  private static final Filling RECOVERY = StoreRecovery::restore;

  private final StoreFile file;
  private final PackingSpec packing;
  private final MemoryBudget budget;
  private final Pages pages;
  private final StoreWorkers workers;
  private final long reserveBytes;
  private final Gate gate;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final AtomicBoolean saving = new AtomicBoolean();
  private ReserveKeeper keeper; // null: writers ask the kernel for memory

  /** A store in a file whose derived parts are zeros; its workers are not started. */
  PageStore(StoreFile file, StoreTuning tuning, Gate gate) throws LinuxException {
    this.file = file;
    this.gate = gate;
    this.packing = file.packing();
    this.reserveBytes = tuning.reserveBytes();
    this.budget = new MemoryBudget(file.extent().metadataBytes, file.memLimit());
    SlabArena arena = new SlabArena(file, budget, tuning.workers() > 0);
    int stagingPages = tuning.workers() == 0 ? 0 : tuning.stagingPages();
    StagingArea staging = new StagingArea(file, budget, stagingPages, tuning.batchPages());
    this.pages = new Pages(file, packing, budget, arena, staging);
    this.workers =
        new StoreWorkers(
            pages,
            budget,
            tuning.workers(),
            tuning.workerCpus(),
            tuning.batchTimeoutMicros() * 1000L);
    budget.lookAtFileSystem(file::availableBytes);
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
    return create(path, options, tuning, StoreFile.NO_IDENTITY);
  }

  /**
   * Makes an empty store of a device.
   *
   * @param identity by which {@link #open(Path, StoreTuning, long)} knows the device's store from
   *     any other; not 0
   */
  public static PageStore create(Path path, StoreOptions options, StoreTuning tuning, long identity)
      throws IOException {
    return create(path, options, tuning, identity, (_, _) -> {});
  }

  private static PageStore create(
      Path path, StoreOptions options, StoreTuning tuning, long identity, Filling filling)
      throws IOException {
    long pages = options.sizeBytes() / Geometry.PAGE_BYTES;
    StoreFile made = StoreFile.create(path, pages, options.packing(), identity, tuning.numaNode());
    try {
      made.setMemLimit(options.memLimitBytes());
      return start(made, tuning, filling);
    } catch (Throwable t) {
      Files.deleteIfExists(path); // nobody else would: whoever asked for a store has none
      throw t;
    }
  }

  /**
   * Makes a store in a new file of what {@link #save} has written; it may be larger than the one
   * that was saved, and packs what is written from now on as its own options say.
   *
   * @param identity that of the device whose store it becomes, which is not the saved one
   * @throws IOException as {@link #create(Path, StoreOptions)}, or with what is wrong with {@code
   *     saved}, in words that go on after its name; then there is no store
   */
  public static PageStore restore(
      Path path, StoreOptions options, StoreTuning tuning, long identity, ReadableByteChannel saved)
      throws IOException {
    return create(path, options, tuning, identity, (pages, _) -> Restorer.restore(pages, saved));
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
    return reopen(StoreFile.open(path, tuning.numaNode()), tuning);
  }

  /**
   * Opens the store that a device's process left behind. One of layout 4 or older does not say
   * whose it is, and is taken for the device's.
   *
   * @param identity that of the device
   * @throws IOException also if it is another device's; then it stays as it is
   */
  public static PageStore open(Path path, StoreTuning tuning, long identity) throws IOException {
    StoreFile file = StoreFile.open(path, tuning.numaNode());
    if (file.identity() != StoreFile.NO_IDENTITY && file.identity() != identity) {
      file.close();
      throw new IOException(path + " is the store file of another device");
    }
    return reopen(file, tuning);
  }

  private static PageStore reopen(StoreFile file, StoreTuning tuning) throws IOException {
    try {
      file.clearDerived();
    } catch (Throwable t) {
      file.close();
      throw t;
    }
    return start(file, tuning, RECOVERY);
  }

  /**
   * From here on no request asks the kernel for memory, if there is to be a reserve.
   *
   * @param full whether there must be all of it; who waits for a store to come back needs that more
   */
  private void startReserve(boolean full) throws IOException {
    if (reserveBytes == 0) {
      return;
    }
    keeper = new ReserveKeeper(pages, Math.toIntExact(reserveBytes / StoreLayout.SLAB_BYTES));
    if (full) {
      keeper.fill();
    }
    keeper.start();
  }

  private static PageStore start(StoreFile file, StoreTuning tuning, Filling filling)
      throws IOException {
    try {
      PageStore store = new PageStore(file, tuning, new Gate());
      filling.fill(store.pages, store.budget);
      store.startReserve(filling != RECOVERY);
      store.workers.start();
      return store;
    } catch (Throwable t) {
      file.close();
      throw t;
    }
  }

  /** The options that the store was made with, and the memory limit of now. */
  public StoreOptions options() {
    return optionsWithLimit(file.memLimit());
  }

  private StoreOptions optionsWithLimit(long bytes) {
    return new StoreOptions(geometry().sizeBytes(), packing, bytes);
  }

  /** The number of its file's layout: what cannot read that cannot open it. */
  public int layout() {
    return file.version();
  }

  @Override
  public Geometry geometry() {
    return file.extent().geometry;
  }

  /** Opens a channel for one thread; it takes the memory of its codecs and four pages. */
  @Override
  public BlockChannel openChannel() {
    try {
      PageAccess access = pages.open(new StagingWriter(pages.staging(), workers));
      return new PageChannel(gate.open(), file, pages.table(), access, new LargeRead(workers));
    } catch (LinuxException e) {
      throw new UncheckedIOException(e);
    }
  }

  Pages pages() {
    return pages;
  }

  StoreWorkers workers() {
    return workers;
  }

  /**
   * Waits until everything is compressed that was written before.
   *
   * @return false if some of it could not be for want of memory; it is kept as it is
   */
  public boolean settle() {
    return workers.drain();
  }

  /**
   * Gives memory that nothing lies in back to the kernel now; workers do it within a second or two.
   *
   * @return false if there was none
   */
  public boolean trim() {
    return inside(workers::trim);
  }

  /** Does what may use the file's memory; false, and nothing, if the store is closed. */
  private boolean inside(BooleanSupplier operation) {
    Gate.Entrance entrance = gate.open();
    try {
      if (!entrance.enter()) {
        return false;
      }
      try {
        return operation.getAsBoolean();
      } finally {
        entrance.leave();
      }
    } finally {
      entrance.close();
    }
  }

  /**
   * Moves objects together so that as much memory as possible comes back now; workers do it by
   * themselves, a little at a time, when a twelfth of the arena or more is unused. Any thread.
   *
   * @return false if there was nothing to win
   */
  public boolean compact() {
    return inside(this::compactNow);
  }

  private boolean compactNow() {
    try (PageAccess access = pages.open()) {
      return pages.compactor().run(access.mover());
    } catch (LinuxException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Writes what the store holds at one moment, which is between the call and its return, while it
   * is used on: no request waits for it, except a write for the copy of what it replaces, some
   * microseconds, and 30 ms if there have been too many; then it is this that fails. All that was
   * acknowledged before the call is in it. It takes a bit a page of memory of the process, and up
   * to 16 MiB for copies; no more of what the store may use than without. One at a time.
   *
   * @param out takes the bytes in order; no request waits for it
   * @return how many pages it wrote that are not absent, and how many of those are damaged
   * @throws IOException with the reason, if it has not written all
   */
  public SavedPages save(WritableByteChannel out) throws IOException {
    if (!saving.compareAndSet(false, true)) {
      throw new IOException("it is being saved already");
    }
    Gate.Entrance entrance = gate.open();
    try {
      return save(out, entrance);
    } finally {
      entrance.close();
      saving.set(false);
    }
  }

  /** Whether it is being saved now. Any thread. */
  public boolean isSaving() {
    return saving.get();
  }

  private SavedPages save(WritableByteChannel out, Gate.Entrance entrance) throws IOException {
    try (PageAccess access = pages.open()) {
      Moment moment = pages.beginMoment();
      try (Saver saver = new Saver(moment, access, packing, out)) {
        saver.run(entrance::enter, entrance::leave);
        return new SavedPages(saver.pages(), saver.lostPages());
      } finally {
        pages.endMoment();
        if (gate.awaitThoseInside()) {
          moment.close(); // otherwise a write that hangs may yet look at it
        }
      }
    }
  }

  /** Limits {@link StoreStats#memUsedTotal}; what is stored stays. 0: no limit. Any thread. */
  public void setMemLimit(long bytes) {
    StoreOptions checked = optionsWithLimit(bytes);
    boolean _ =
        inside(() -> {
          file.setMemLimit(checked.memLimitBytes());
          budget.setLimit(checked.memLimitBytes());
          return true;
        });
  }

  /** Counts {@link StoreStats#memUsedMax} anew, from what is used now. Any thread. */
  public void resetMemUsedMax() {
    budget.resetMostUsed();
  }

  /**
   * Changes how long an incomplete batch waits for more pages, from the next one on. Any thread.
   *
   * @param micros 1 to 1,000,000 microseconds
   */
  public void setBatchTimeoutMicros(int micros) {
    StoreTuning.requireTimeout(micros);
    workers.setTimeoutNanos(micros * 1000L);
  }

  /**
   * Has so many of its workers work from now on. Any thread.
   *
   * @param count 1 to the number that it was opened with
   */
  public void setWorkers(int count) {
    workers.setActive(count);
  }

  /**
   * Has at most so many pages wait for workers from each writer's next batch on; others are
   * compressed at once. Any thread.
   *
   * @param count 0 to the number that it was opened with
   */
  public void setStagingPages(int count) {
    pages.staging().setPages(count);
  }

  /**
   * Drops all contents, which are zeros then, and begins the statistics anew. Requests are served
   * before or after that; those that come meanwhile wait, 0.1 to 0.2 us a page that is present. If
   * the process dies meanwhile, each page is as it was or zeros. Any thread.
   *
   * @throws IOException with the reason, if it has not done so, or not for all pages
   */
  public void reset() throws IOException {
    Erasure erasure = new Erasure(pages, budget);
    if (!gate.whileQuiet(erasure)) {
      throw new IOException(
          "nothing was dropped: a request is under way for too long, or the store is closed");
    }
    boolean _ = trim();
    boolean _ =
        inside(() -> {
          erasure.forget();
          return true;
        });
    if (erasure.damaged() > 0) {
      throw new IOException(
          "all was dropped but %d damaged pages, which cannot be".formatted(erasure.damaged()));
    }
  }

  /** The most that it can be {@linkplain #resize resized} to, in bytes. Any thread. */
  public long greatestSizeBytes() {
    return file.layout().greatestPages * Geometry.PAGE_BYTES;
  }

  /**
   * Makes it larger, by pages that are zeros, or smaller; requests beyond the present size fail
   * from then on. A process that is killed meanwhile leaves the old size or the new one. To get
   * larger, no request waits; to get smaller, they do, 0.1 to 0.2 us a page that goes. Any thread.
   *
   * @param sizeBytes a positive multiple of 4096, at most {@link #greatestSizeBytes}
   * @param force whether pages beyond it may go that hold something; else they keep the size as is
   * @throws IOException with the reason; then the size is as it was
   * @throws IllegalArgumentException if it cannot be such a size
   */
  public void resize(long sizeBytes, boolean force) throws IOException {
    var _ = StoreOptions.requireSize(sizeBytes);
    if (sizeBytes > greatestSizeBytes()) {
      throw new IOException(
          "its store has addresses for %d bytes at most, 16 times what it was made with"
              .formatted(greatestSizeBytes()));
    }
    if (!saving.compareAndSet(false, true)) {
      throw new IOException("it is being saved");
    }
    try {
      new Resizing(file, pages, budget, gate, workers).run(sizeBytes, force);
    } finally {
      saving.set(false);
    }
  }

  /** What the store holds now. Any thread. */
  public StoreStats stats() {
    return new StoreStats(
        sum(Counter.PAGES) * Geometry.PAGE_BYTES,
        sum(Counter.OBJECT_BYTES),
        budget.usedBytes(),
        file.memLimit(),
        budget.mostUsedBytes(),
        sum(Counter.SAME_PAGES),
        pages.compactor().chunksFreed() * (SizeClasses.CHUNK_BYTES / Geometry.PAGE_BYTES),
        sum(Counter.RAW_PAGES),
        sum(Counter.RAW_PAGES_SINCE),
        sum(Counter.LZ4_PAGES),
        sum(Counter.ZSTD_PAGES),
        sum(Counter.LINE_PAGES),
        sum(Counter.PADDED_PAGES),
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

  /** The memory that is kept ready for writes, if the store is tuned so. Any thread. */
  public StoreReserve reserve() {
    return new StoreReserve(
        reserveBytes, pages.arena().reserveBytes(), pages.arena().reserveFailures());
  }

  /** All of the store's file, as this process sees it. */
  public MemorySegment memory() {
    return file.memory();
  }

  private long sum(Counter counter) {
    return pages.counters().sum(counter);
  }

  /** What the kernel says that the store file occupies, in bytes: the check of our own count. */
  public long allocatedBytes() throws IOException {
    return file.allocatedBytes();
  }

  /**
   * Ends the store, once, and leaves its file where it is. It waits for the requests under way; a
   * channel that is used afterwards returns {@code -ESHUTDOWN}, and the store does nothing more.
   *
   * @throws IllegalStateException if a request is under way for longer than ten seconds: then the
   *     file stays mapped, and locked, as long as the process lives
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    boolean isQuiet = false;
    try {
      isQuiet = gate.shut();
    } finally {
      workers.shutDown();
      if (keeper != null) {
        keeper.shutDown();
        Threads.join(keeper);
      }
    }
    if (!isQuiet) {
      throw new IllegalStateException(
          "a request is still under way: the store file stays mapped until the process ends");
    }
    file.close();
  }
}
