package io.zublk.store.staging;

import static io.zublk.block.Geometry.PAGE_BYTES;

import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.arena.SizeClasses;
import io.zublk.store.file.StoreFile;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The bounded pool of written pages that are not compressed yet: slots of a page each, grouped in
 * batches.
 *
 * <p>A batch belongs to one writer until it is full; meanwhile and afterwards one worker at a time
 * compresses what was added; and when all of it is compressed, the batch is free for any writer. So
 * a slot's bytes stay as they are from the moment that a page-table entry names it until a worker
 * has replaced that entry, or found it replaced: nobody else ever frees a slot. A new process needs
 * nothing of what is kept here: the page table tells which pages are staged.
 *
 * <pre>
 *   state of a batch:  writer : 28 | WRITING | BUSY | OPEN | MEMORY | pages done : 16 | pages added : 16
 * </pre>
 *
 * <p>OPEN: a writer has it. WRITING: that writer is about to add a page. BUSY: a worker has it. A
 * batch that is neither, and has no pages, is free. One that is only OPEN, with nothing left to
 * compress, is its writer's as long as nobody else needs it: writers that pause must not use up the
 * pool.
 *
 * <p>A batch is opened only if beside its own memory there is as much left for the objects that its
 * pages may become, which is promised to them until the batch is free: what is acknowledged always
 * finds room. Lock-free, any thread, allocates nothing.
 */
public final class StagingArea {

  /** No batch: none is in the state that was asked for. */
  public static final int NONE = -1;

  private static final VarHandle STATE = MethodHandles.arrayElementVarHandle(long[].class);

  private static final long ADDED_MASK = 0xffff;
  private static final int DONE_SHIFT = 16;
  private static final long MEMORY = 1L << 32;
  private static final long OPEN = 1L << 33;
  private static final long BUSY = 1L << 34;
  private static final long WRITING = 1L << 35;
  private static final int WRITER_SHIFT = 36;
  private static final long WRITER_MASK = -1L << WRITER_SHIFT;

  /**
   * What must be left beside the promises before a batch is opened, in bytes: objects of a batch
   * may begin a chunk in every size class, and then fill what they have begun.
   */
  static final long SPARE_BYTES = (long) SizeClasses.count() * SizeClasses.CHUNK_BYTES;

  /** Keeps the states of different batches, and so of different threads, on different lines. */
  private static final int STRIDE = 16;

  private final StoreFile file;
  private final MemoryBudget budget;
  private final int batches;
  private final int batchPages;
  private final long[] states;

  /** Batches that are opened, of those that there are. */
  private volatile int usable;

  /** The page of every slot; written before the state that counts it, read after. */
  private final long[] pages;

  private final AtomicInteger writers = new AtomicInteger();

  public StagingArea(StoreFile file, MemoryBudget budget, int stagingPages, int batchPages) {
    this.file = file;
    this.budget = budget;
    this.batches = stagingPages / batchPages;
    this.batchPages = batchPages;
    this.usable = batches;
    this.states = new long[(batches + 1) * STRIDE];
    this.pages = new long[batches * batchPages];
  }

  /**
   * Has so many pages wait at a time from now on; what waits is compressed as before. Any thread.
   *
   * @param stagingPages 0 to what there are slots for; less than a batch is none
   */
  public void setPages(int stagingPages) {
    if (stagingPages < 0 || stagingPages / batchPages > batches) {
      throw new IllegalArgumentException(
          "staging: %d pages are not in 0..%d, for which there is room"
              .formatted(stagingPages, batches * batchPages));
    }
    usable = stagingPages / batchPages;
  }

  int batchPages() {
    return batchPages;
  }

  /** A new writer's name, as states hold it: it comes again after 2^28 others. */
  long newWriter() {
    return (long) writers.incrementAndGet() << WRITER_SHIFT;
  }

  /**
   * Takes a free batch to fill, or one whose writer has paused, and begins a page of it; {@link
   * #NONE} if there is none, or no memory for one.
   */
  int open(long writer) {
    int last = usable;
    for (int batch = 0; batch < last; batch++) {
      long state = state(batch);
      if ((state & ~MEMORY) == 0 && move(batch, state, writer | WRITING | OPEN | MEMORY)) {
        if (fund(batch, state)) {
          return batch;
        }
        set(batch, state);
        break; // others cost the same
      }
    }
    for (int batch = 0; batch < last; batch++) {
      long state = state(batch);
      if (isPaused(state) && move(batch, state, writer | WRITING | OPEN | MEMORY)) {
        return batch; // with the memory and the promise that it was opened with
      }
    }
    return NONE;
  }

  private boolean fund(int batch, long state) {
    long own = state == MEMORY ? 0 : batchBytes();
    if (!budget.promise(batchPages, own + SPARE_BYTES)) {
      return false;
    }
    if (state == MEMORY || commit(batch)) {
      return true;
    }
    budget.endPromise(batchPages);
    return false;
  }

  private boolean commit(int batch) {
    if (!budget.take(batchBytes())) {
      return false;
    }
    if (file.commitStaging(location(batch, 0), batchBytes()) < 0) {
      file.releaseStaging(location(batch, 0), batchBytes()); // the kernel may have granted a part
      budget.giveBack(batchBytes());
      return false;
    }
    return true;
  }

  /** Whether all of an open batch is compressed and its writer is not adding to it. */
  private static boolean isPaused(long state) {
    return (state & (OPEN | WRITING | BUSY)) == OPEN && added(state) == done(state);
  }

  /** Begins a page of the batch that this writer has opened. False if somebody else has it now. */
  boolean begin(int batch, long writer) {
    long state;
    do {
      state = state(batch);
      if ((state & (WRITER_MASK | OPEN)) != (writer | OPEN)) {
        return false;
      }
    } while (!move(batch, state, state | WRITING));
    return true;
  }

  /**
   * Adds the page that was begun, whose bytes are in slot {@code index}, to the batch; the last one
   * ends the filling. The caller has the page's entry locked, because a worker may look at it from
   * now on.
   */
  void add(int batch, int index, long page) {
    pages[batch * batchPages + index] = page;
    long added = 1 - WRITING;
    if (index + 1 == batchPages) {
      added -= OPEN + (state(batch) & WRITER_MASK);
    }
    long _ = (long) STATE.getAndAdd(states, at(batch), added);
  }

  /** Leaves the page that was begun. */
  void cancel(int batch) {
    long _ = (long) STATE.getAndAdd(states, at(batch), -WRITING);
  }

  /** Ends the filling of a batch that this writer has opened, if it still has it. */
  void close(int batch, long writer) {
    long state;
    do {
      state = state(batch);
      if ((state & (WRITER_MASK | OPEN)) != (writer | OPEN)) {
        return;
      }
    } while (!moveOrFree(batch, state, state & ~(WRITER_MASK | OPEN)));
  }

  /** Takes a batch that will get no more pages for a worker, {@code from} first; or NONE. */
  public int takeFull(int from) {
    for (int i = 0; i < batches; i++) {
      int batch = from + i < batches ? from + i : from + i - batches;
      if ((state(batch) & OPEN) == 0 && take(batch)) {
        return batch;
      }
    }
    return NONE;
  }

  /** Takes a batch with pages to compress for a worker, {@code from} or a later one; or NONE. */
  public int takeAny(int from) {
    for (int batch = from; batch < batches; batch++) {
      if (take(batch)) {
        return batch;
      }
    }
    return NONE;
  }

  private boolean take(int batch) {
    long state = state(batch);
    return (state & BUSY) == 0 && added(state) > done(state) && move(batch, state, state | BUSY);
  }

  /** Whether any batch has pages that are not compressed. */
  public boolean hasPages() {
    for (int batch = 0; batch < batches; batch++) {
      long state = state(batch);
      if (added(state) > done(state)) {
        return true;
      }
    }
    return false;
  }

  /** Whether a worker has any batch. */
  public boolean isBusy() {
    for (int batch = 0; batch < batches; batch++) {
      if ((state(batch) & BUSY) != 0) {
        return true;
      }
    }
    return false;
  }

  /** The first page to compress of a batch that the caller has taken. */
  public int first(int batch) {
    return done(state(batch));
  }

  /** One more than the last page to compress now. */
  public int end(int batch) {
    return added(state(batch));
  }

  public long page(int batch, int index) {
    return pages[batch * batchPages + index];
  }

  /** A slot's place in bytes from the staging area's start. */
  public long location(int batch, int index) {
    return ((long) batch * batchPages + index) * PAGE_BYTES;
  }

  /** Ends the taking of a batch whose pages before {@code end} are compressed. */
  public void release(int batch, int end) {
    long state;
    long released;
    do {
      state = state(batch);
      released = (state & ~(BUSY | (ADDED_MASK << DONE_SHIFT))) | ((long) end << DONE_SHIFT);
    } while (!moveOrFree(batch, state, released));
  }

  /** Moves a batch to a state; one that nobody has, without pages to compress, becomes free. */
  private boolean moveOrFree(int batch, long from, long to) {
    if ((to & (OPEN | BUSY)) != 0 || added(to) != done(to)) {
      return move(batch, from, to);
    }
    if (!move(batch, from, MEMORY)) {
      return false;
    }
    budget.endPromise(batchPages);
    return true;
  }

  /**
   * Gives the memory of free batches back to the kernel, and of those whose writer has paused;
   * false if there was none.
   */
  public boolean trim() {
    boolean trimmed = false;
    for (int batch = 0; batch < batches; batch++) {
      long state = state(batch);
      if (state != 0 && (state == MEMORY || isPaused(state)) && move(batch, state, BUSY)) {
        file.releaseStaging(location(batch, 0), batchBytes());
        budget.giveBack(batchBytes());
        if (state != MEMORY) {
          budget.endPromise(batchPages);
        }
        set(batch, 0);
        trimmed = true;
      }
    }
    return trimmed;
  }

  /** What the pool takes now, in bytes. */
  public long memoryBytes() {
    long bytes = 0;
    for (int batch = 0; batch < batches; batch++) {
      bytes += (state(batch) & MEMORY) != 0 ? batchBytes() : 0;
    }
    return bytes;
  }

  private static int added(long state) {
    return (int) (state & ADDED_MASK);
  }

  private static int done(long state) {
    return (int) ((state >>> DONE_SHIFT) & ADDED_MASK);
  }

  private long batchBytes() {
    return (long) batchPages * PAGE_BYTES;
  }

  private static int at(int batch) {
    return (batch + 1) * STRIDE - 1;
  }

  private long state(int batch) {
    return (long) STATE.getVolatile(states, at(batch));
  }

  private void set(int batch, long state) {
    STATE.setVolatile(states, at(batch), state);
  }

  private boolean move(int batch, long from, long to) {
    return STATE.compareAndSet(states, at(batch), from, to);
  }
}
