package io.zublk.store.work;

import io.zublk.store.page.PageAccess;
import java.util.concurrent.atomic.AtomicReference;

/** Takes part in a large read that another thread has begun. One thread's, and its readers'. */
final class HelpJob implements Job {

  private final AtomicReference<LargeRead> read = new AtomicReference<>();

  /** Gives the thread a part in a read when it is woken; false if it has one in another. */
  boolean offer(LargeRead with) {
    return read.compareAndSet(null, with);
  }

  /** Takes back what {@link #offer} gave; false if the thread has begun. */
  boolean dismiss(LargeRead from) {
    return read.compareAndSet(from, null);
  }

  @Override
  public long doWork(PageAccess access, long now) {
    LargeRead helped = read.getAndSet(null);
    if (helped == null) {
      return NEVER;
    }
    helped.help(access);
    return NOW;
  }
}
