package io.zublk.store.work;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.block.Errno;
import io.zublk.store.page.Counter;
import io.zublk.store.page.PageAccess;
import io.zublk.store.page.PageReader;
import io.zublk.store.table.Naps;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A read that is long enough to be shared: its thread and workers that had nothing to do take
 * pieces of it in turn. One for each channel, used again and again.
 */
public final class LargeRead {

  /** Below this, waking a helper takes longer than it saves. */
  static final int MIN_PAGES = 64;

  /** Some 25 microseconds of lz4: what the slowest may keep the others waiting at the end. */
  private static final int PIECE_PAGES = 16;

  /** A helper for so many pages. */
  private static final int PAGES_PER_HELPER = 32;

  /** The most reads in a row without asking for help after help came too late. */
  private static final int MAX_PATIENCE = 63;

  /** On a single CPU a helper would only take turns with the reader. */
  private static final boolean CAN_HELP = Runtime.getRuntime().availableProcessors() > 1;

  private final StoreWorkers workers;
  private final HelpJob[] helpers = new HelpJob[StoreWorkers.MAX_WORKERS];
  private final AtomicInteger nextPiece = new AtomicInteger();
  private final AtomicInteger finished = new AtomicInteger();
  private final AtomicInteger result = new AtomicInteger();

  private long firstPage;
  private int pages;
  private MemorySegment target;
  private long offset;

  // How many reads to do alone after help came too late: the CPUs were busy with something else.
  private int patience;
  private int alone;

  public LargeRead(StoreWorkers workers) {
    this.workers = workers;
  }

  /** Whether helpers may write to {@code to}, and could come in time for this length. */
  public boolean isWorthwhile(int length, MemorySegment to) {
    return CAN_HELP && length >= MIN_PAGES * PAGE_BYTES && workers.canAccess(to);
  }

  /** Reads whole pages, with help; returns 0 or a negative errno. */
  public int run(PageReader own, long page, int count, MemorySegment to, long at) {
    firstPage = page;
    pages = count;
    target = to;
    offset = at;
    result.setPlain(0);
    finished.setPlain(0);
    nextPiece.set(0); // publishes all of it
    boolean asks = alone == 0;
    int asked = asks ? askForHelp() : 0;
    try {
      readPieces(own);
    } finally {
      int begun = awaitHelpers(asked); // whatever happened: until then they write to the target
      alone = asks ? patienceAfter(begun) : alone - 1;
    }
    return result.get();
  }

  private int askForHelp() {
    int wanted = Math.min(pages / PAGES_PER_HELPER, helpers.length);
    int asked = 0;
    while (asked < wanted) {
      HelpJob helper = workers.recruit(this);
      if (helper == null) {
        break;
      }
      helpers[asked++] = helper;
    }
    return asked;
  }

  /**
   * How many of them began. Ends: whoever begins also finishes, after a few pages or by a fault.
   */
  private int awaitHelpers(int asked) {
    int begun = 0;
    for (int i = 0; i < asked; i++) {
      if (!helpers[i].dismiss(this)) {
        begun++;
      }
    }
    for (int tries = 0; finished.get() < begun; tries++) {
      Naps.pause(tries);
    }
    return begun;
  }

  private int patienceAfter(int begun) {
    patience = begun > 0 ? 0 : Math.min(2 * patience + 1, MAX_PATIENCE);
    return patience;
  }

  /** Takes part, on a worker's thread. */
  void help(PageAccess access) {
    try {
      readPieces(access.reader());
      access.counters().add(Counter.SHARED_READS, 1);
    } catch (Throwable t) {
      result.set(-Errno.EIO);
      throw t;
    } finally {
      finished.getAndIncrement();
    }
  }

  private void readPieces(PageReader reader) {
    int begin;
    while ((begin = nextPiece.getAndAdd(PIECE_PAGES)) < pages) {
      int end = Math.min(begin + PIECE_PAGES, pages);
      for (int i = begin; i < end; i++) {
        int status = reader.read(firstPage + i, target, offset + (long) i * PAGE_BYTES);
        if (status < 0) {
          result.set(status);
        }
      }
    }
  }
}
