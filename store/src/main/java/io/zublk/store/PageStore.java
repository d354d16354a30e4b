package io.zublk.store;

import io.zublk.block.BlockChannel;
import io.zublk.block.BlockDevice;
import io.zublk.block.Geometry;
import io.zublk.uring.sys.LinuxException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

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
  private final SlabArena arena;

  /** The counters of every open channel, and first those of all closed ones and of recovery. */
  private final List<Counters> counters = new ArrayList<>(List.of(new Counters()));

  private PageStore(StoreFile file) {
    this.file = file;
    this.options = file.options();
    this.geometry = new Geometry(options.sizeBytes(), PageAccess.PAGE_BYTES);
    this.table = new PageTable(file.memory(), file.layout().tableOffset);
    this.arena = new SlabArena(file);
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
    return new PageStore(StoreFile.create(path, options));
  }

  /**
   * Opens the store that a process left behind, however it ended.
   *
   * @throws IOException if the file is no store, or another process has it open
   */
  public static PageStore open(Path path) throws IOException {
    StoreFile file = StoreFile.open(path);
    try {
      file.clearDerived();
      PageStore store = new PageStore(file);
      store.restore();
      return store;
    } catch (Throwable t) {
      file.close();
      throw t;
    }
  }

  /** Derives the arena's books from the page table, and drops the locks of dead threads. */
  private void restore() {
    Counters restored = counters.getFirst();
    for (long page = 0; page < file.layout().pages; page++) {
      long entry = table.get(page);
      if (entry == 0) {
        continue;
      }
      entry &= ~PageEntry.LOCK;
      table.unlock(page, entry);
      if (!PageEntry.isValid(page, entry)) {
        restored.add(Counter.CHECKSUM_ERRORS, 1);
        continue;
      }
      if (!restoreObject(entry)) {
        restored.add(Counter.CHECKSUM_ERRORS, 1);
        entry = PageEntry.ofLost(page);
        table.unlock(page, entry);
      }
      if (entry != 0) {
        PageAccess.count(restored, entry, 1);
      }
    }
    restored.add(Counter.RAW_PAGES_SINCE, -restored.get(Counter.RAW_PAGES_SINCE));
    arena.finishRestore();
  }

  private boolean restoreObject(long entry) {
    return !PageEntry.isStored(entry)
        || arena.restore(PageEntry.location(entry), PageAccess.objectBytes(entry));
  }

  /** The options that the store was made with, and the memory limit of now. */
  public StoreOptions options() {
    return new StoreOptions(options.sizeBytes(), options.codec(), file.memLimit());
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  /** Opens a channel for one thread; it takes the memory of a codec and two pages. */
  @Override
  public BlockChannel openChannel() {
    Counters own = new Counters();
    try {
      PageAccess access = new PageAccess(file, table, arena, options.codec(), own);
      synchronized (counters) {
        counters.add(own);
      }
      return new PageChannel(this, table, access, own);
    } catch (LinuxException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Keeps what a closing channel counted. False if it was closed before. */
  boolean forget(Counters closing) {
    synchronized (counters) {
      if (!counters.remove(closing)) {
        return false;
      }
      counters.getFirst().addAll(closing);
      return true;
    }
  }

  /** Limits {@link StoreStats#memUsedTotal}; what is stored stays. 0: no limit. Any thread. */
  public void setMemLimit(long bytes) {
    StoreOptions checked = new StoreOptions(options.sizeBytes(), options.codec(), bytes);
    file.setMemLimit(checked.memLimitBytes());
    arena.setLimit(checked.memLimitBytes());
  }

  /** What the store holds now. Any thread. */
  public StoreStats stats() {
    return new StoreStats(
        sum(Counter.PAGES) * PageAccess.PAGE_BYTES,
        sum(Counter.OBJECT_BYTES),
        arena.usedBytes(),
        file.memLimit(),
        arena.maxUsedBytes(),
        sum(Counter.SAME_PAGES),
        sum(Counter.RAW_PAGES),
        sum(Counter.RAW_PAGES_SINCE),
        sum(Counter.FAILED_READS),
        sum(Counter.FAILED_WRITES),
        sum(Counter.INVALID_IO),
        sum(Counter.FREED_PAGES),
        sum(Counter.CHECKSUM_ERRORS));
  }

  private long sum(Counter counter) {
    synchronized (counters) {
      return counters.stream().mapToLong(c -> c.get(counter)).sum();
    }
  }

  /** What the kernel says that the store file occupies, in bytes: the check of our own count. */
  public long allocatedBytes() throws IOException {
    return file.allocatedBytes();
  }

  /** Unmaps the file and leaves it where it is. No channel may be in use any more. */
  @Override
  public void close() {
    file.close();
  }
}
