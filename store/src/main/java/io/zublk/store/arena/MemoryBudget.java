package io.zublk.store.arena;

import io.zublk.block.Geometry;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * How much memory the store file may take, and takes. Memory is asked for here before it is asked
 * for from the kernel. Any thread; allocates nothing.
 *
 * <p>Part of what is left may be promised: to pages that are acknowledged and not compressed yet,
 * whose objects must find memory later. Only who keeps a promise may take what was promised.
 *
 * <p>Both are in one word, lest two threads that look at different halves promise and take the same
 * bytes:
 *
 * <pre>
 *   63 .. 44  promised, in pages | 43 .. 0  used, in bytes
 * </pre>
 */
public final class MemoryBudget {

  /** Sixteen TiB of memory, and promises of two GiB: more than a store file has addresses for. */
  private static final int USED_BITS = 44;

  private static final long USED_MASK = (1L << USED_BITS) - 1;

  private static final long PROMISED_PAGE = 1L << USED_BITS;

  /** An object needs a chunk of its size class, which may have none that is begun. */
  private static final long A_CHUNK_EACH = (long) SizeClasses.count() * SizeClasses.CHUNK_BYTES;

  private final AtomicLong state;
  private final AtomicLong mostUsed;
  private volatile long limit;

  /** For who keeps a promise; above the limit if that was lowered since. */
  private volatile long promisedLimit;

  /** What can be used before the file system is full, as far as is known; 0: no end is. */
  private volatile long fileSystemLimit;

  /** A budget of which {@code used} bytes are spent for good; a limit of 0 is none. */
  public MemoryBudget(long used, long limit) {
    this.state = new AtomicLong(used);
    this.mostUsed = new AtomicLong(used);
    this.limit = limit;
    this.promisedLimit = limit;
  }

  /**
   * Lowering the limit below what is used frees nothing; it only refuses more. What was promised
   * before is kept: a page that could not be compressed would wait, in more memory, for ever.
   */
  public void setLimit(long bytes) {
    limit = bytes;
    long now = state.get();
    boolean isHigher = bytes > 0 && promised(now) > 0;
    promisedLimit = isHigher ? Math.max(bytes, used(now) + promised(now) + A_CHUNK_EACH) : bytes;
  }

  /**
   * Looks at how much more the file system has, for promises: other files take of it as well, so it
   * is looked at now and then, and who takes memory hears it from the kernel.
   *
   * @param room asks the kernel, in bytes
   */
  public void lookAtFileSystem(LongSupplier room) {
    long before = usedBytes();
    long bytes = room.getAsLong();
    // What was taken or given back meanwhile must not count twice. A promise that cannot be kept
    // leaves pages uncompressed for good; one too few is made good by the next look.
    long used = Math.min(before, usedBytes());
    fileSystemLimit = bytes < Long.MAX_VALUE - used ? used + bytes : 0;
  }

  public long usedBytes() {
    return used(state.get());
  }

  /** The most that was ever used at a time. */
  public long mostUsedBytes() {
    return mostUsed.get();
  }

  /** Forgets what was used at most before now. */
  public void resetMostUsed() {
    mostUsed.set(usedBytes());
    noteUsed(usedBytes()); // taken between the look and the note
  }

  /** Takes memory that nobody was promised, within the limit. False if there is not so much. */
  public boolean take(long bytes) {
    return take(bytes, false);
  }

  /** Takes memory within the limit: of what was promised as well, if it is for that. */
  public boolean take(long bytes, boolean isPromised) {
    // It looks before it adds: an attempt that fails must not spoil one that would have succeeded.
    long now;
    do {
      now = state.get();
      boolean isAbove =
          isPromised
              ? isAbove(promisedLimit, used(now) + bytes)
              : isAbove(limit, used(now) + promised(now) + bytes);
      if (isAbove) {
        return false;
      }
    } while (!state.weakCompareAndSetVolatile(now, now + bytes));
    noteUsed(used(now) + bytes);
    return true;
  }

  /** Promises memory of so many pages, if {@code spare} bytes would be left beside it. */
  public boolean promise(int pages, long spare) {
    long now;
    do {
      now = state.get();
      long wanted = promised(now) + pages * (long) Geometry.PAGE_BYTES;
      long bytes = used(now) + wanted + spare;
      if (isAbove(limit, bytes) || isAbove(fileSystemLimit, bytes)) {
        return false;
      }
    } while (!state.weakCompareAndSetVolatile(now, now + pages * PROMISED_PAGE));
    return true;
  }

  /** Ends a promise: what it was for has its memory, or needs none any more. */
  public void endPromise(int pages) {
    state.addAndGet(-pages * PROMISED_PAGE);
  }

  /** Takes memory that is in use already, whatever the limit. */
  void takeAnyway(long bytes) {
    state.addAndGet(bytes);
  }

  public void giveBack(long bytes) {
    state.addAndGet(-bytes);
  }

  private static boolean isAbove(long most, long bytes) {
    return most > 0 && bytes > most;
  }

  private void noteUsed(long bytes) {
    if (bytes > mostUsed.getPlain()) {
      mostUsed.accumulateAndGet(bytes, Math::max);
    }
  }

  private static long used(long state) {
    return state & USED_MASK;
  }

  private static long promised(long state) {
    return (state >>> USED_BITS) * Geometry.PAGE_BYTES;
  }
}
