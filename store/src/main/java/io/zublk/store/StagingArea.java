package io.zublk.store;

import static io.zublk.store.PageAccess.PAGE_BYTES;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

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
 *   state of a batch:  BUSY | OPEN | MEMORY | pages done : 16 | pages added : 16
 * </pre>
 *
 * <p>OPEN: a writer has it. BUSY: a worker has it. A batch that is neither, and has no pages, is
 * free. Lock-free, any thread, allocates nothing.
 */
final class StagingArea {

  /** No batch: none is in the state that was asked for. */
  static final int NONE = -1;

  private static final VarHandle STATE = MethodHandles.arrayElementVarHandle(long[].class);

  private static final long ADDED_MASK = 0xffff;
  private static final int DONE_SHIFT = 16;
  private static final long MEMORY = 1L << 32;
  private static final long OPEN = 1L << 33;
  private static final long BUSY = 1L << 34;

  /** Keeps the states of different batches, and so of different threads, on different lines. */
  private static final int STRIDE = 16;

  private final StoreFile file;
  private final MemoryBudget budget;
  private final int batches;
  private final int batchPages;
  private final long[] states;

  /** The page of every slot; written before the state that counts it, read after. */
  private final long[] pages;

  StagingArea(StoreFile file, MemoryBudget budget, int stagingPages, int batchPages) {
    this.file = file;
    this.budget = budget;
    this.batches = stagingPages / batchPages;
    this.batchPages = batchPages;
    this.states = new long[(batches + 1) * STRIDE];
    this.pages = new long[batches * batchPages];
  }

  int batchPages() {
    return batchPages;
  }

  /** Takes a free batch to fill; {@link #NONE} if there is none, or no memory for one. */
  int open() {
    for (int batch = 0; batch < batches; batch++) {
      long state = state(batch);
      if ((state & ~MEMORY) == 0 && move(batch, state, OPEN | MEMORY)) {
        if (state == MEMORY || commit(batch)) {
          return batch;
        }
        set(batch, 0);
        return NONE;
      }
    }
    return NONE;
  }

  private boolean commit(int batch) {
    if (!budget.take(batchBytes())) {
      return false;
    }
    if (file.commitStaging(location(batch, 0), batchBytes()) < 0) {
      budget.giveBack(batchBytes());
      return false;
    }
    return true;
  }

  /**
   * Adds a page, whose bytes are in slot {@code index}, to the batch that the caller has opened;
   * the last one ends that. The caller has the page's entry locked, because a worker may look at it
   * from now on.
   */
  void add(int batch, int index, long page) {
    pages[batch * batchPages + index] = page;
    long _ = (long) STATE.getAndAdd(states, at(batch), index + 1 == batchPages ? 1L - OPEN : 1L);
  }

  /** Ends the filling of a batch that the caller has opened. */
  void close(int batch) {
    long state;
    do {
      state = state(batch);
    } while (!move(batch, state, settled(state & ~OPEN)));
  }

  /** Takes a batch that will get no more pages for a worker, {@code from} first; or NONE. */
  int takeFull(int from) {
    for (int i = 0; i < batches; i++) {
      int batch = from + i < batches ? from + i : from + i - batches;
      if ((state(batch) & OPEN) == 0 && take(batch)) {
        return batch;
      }
    }
    return NONE;
  }

  /** Takes a batch with pages to compress for a worker, {@code from} or a later one; or NONE. */
  int takeAny(int from) {
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
  boolean hasPages() {
    for (int batch = 0; batch < batches; batch++) {
      long state = state(batch);
      if (added(state) > done(state)) {
        return true;
      }
    }
    return false;
  }

  /** The first page to compress of a batch that the caller has taken. */
  int first(int batch) {
    return done(state(batch));
  }

  /** One more than the last page to compress now. */
  int end(int batch) {
    return added(state(batch));
  }

  long page(int batch, int index) {
    return pages[batch * batchPages + index];
  }

  /** A slot's place in bytes from the staging area's start. */
  long location(int batch, int index) {
    return ((long) batch * batchPages + index) * PAGE_BYTES;
  }

  /** Ends the taking of a batch whose pages before {@code end} are compressed. */
  void release(int batch, int end) {
    long state;
    long released;
    do {
      state = state(batch);
      released = (state & (MEMORY | OPEN | ADDED_MASK)) | ((long) end << DONE_SHIFT);
    } while (!move(batch, state, settled(released)));
  }

  /** The state as it is, or free if nobody has the batch, nor any page to compress. */
  private static long settled(long state) {
    boolean over = (state & (OPEN | BUSY)) == 0 && added(state) == done(state);
    return over ? state & MEMORY : state;
  }

  /** Gives the memory of free batches back to the kernel; false if there was none. */
  boolean trim() {
    boolean trimmed = false;
    for (int batch = 0; batch < batches; batch++) {
      if (state(batch) == MEMORY && move(batch, MEMORY, BUSY)) {
        file.releaseStaging(location(batch, 0), batchBytes());
        budget.giveBack(batchBytes());
        set(batch, 0);
        trimmed = true;
      }
    }
    return trimmed;
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
