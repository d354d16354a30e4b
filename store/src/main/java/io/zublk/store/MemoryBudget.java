package io.zublk.store;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much memory the store file may take, and takes. Memory is asked for here before it is asked
 * for from the kernel. Any thread; allocates nothing.
 */
final class MemoryBudget {

  private final AtomicLong used;
  private final AtomicLong mostUsed;
  private volatile long limit;

  /** A budget of which {@code used} bytes are spent for good; a limit of 0 is none. */
  MemoryBudget(long used, long limit) {
    this.used = new AtomicLong(used);
    this.mostUsed = new AtomicLong(used);
    this.limit = limit;
  }

  /** Lowering the limit below what is used frees nothing; it only refuses more. */
  void setLimit(long bytes) {
    limit = bytes;
  }

  long usedBytes() {
    return used.get();
  }

  /** The most that was ever used at a time. */
  long mostUsedBytes() {
    return mostUsed.get();
  }

  /** Forgets what was used at most before now. */
  void resetMostUsed() {
    mostUsed.set(used.get());
  }

  /** Takes memory, within the limit. False if there is not so much. */
  boolean take(long bytes) {
    long now = used.addAndGet(bytes);
    long most = limit;
    if (most > 0 && now > most) {
      used.addAndGet(-bytes);
      return false;
    }
    if (now > mostUsed.getPlain()) {
      mostUsed.accumulateAndGet(now, Math::max);
    }
    return true;
  }

  /** Takes memory that is in use already, whatever the limit. */
  void takeAnyway(long bytes) {
    used.addAndGet(bytes);
  }

  void giveBack(long bytes) {
    used.addAndGet(-bytes);
  }
}
