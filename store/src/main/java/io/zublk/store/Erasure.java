package io.zublk.store;

import io.zublk.store.arena.MemoryBudget;
import io.zublk.store.page.Counter;
import io.zublk.store.page.PageAccess;
import io.zublk.store.page.PageWriter;
import io.zublk.store.page.Pages;
import io.zublk.uring.sys.LinuxException;
import java.io.UncheckedIOException;

/**
 * Makes all pages of a store absent, one after the other, each as a discard does: whenever the
 * process dies, a page is as it was or absent. While nobody else reads or writes pages; workers may
 * go on.
 */
final class Erasure implements Runnable {

  private final Pages pages;
  private final MemoryBudget budget;
  private final long from;
  private long damaged;

  Erasure(Pages pages, MemoryBudget budget) {
    this(pages, budget, 0);
  }

  /** Of all pages from a page on. */
  Erasure(Pages pages, MemoryBudget budget, long from) {
    this.pages = pages;
    this.budget = budget;
    this.from = from;
  }

  /** Pages that are damaged so that they stay. */
  long damaged() {
    return damaged;
  }

  @Override
  public void run() {
    try (PageAccess access = pages.open()) {
      PageWriter writer = access.writer();
      long count = pages.file().extent().pages;
      for (long page = from; page < count; page++) {
        damaged += writer.drop(page) == 0 ? 0 : 1;
      }
    } catch (LinuxException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Begins all statistics anew that are no gauges. */
  void forget() {
    pages.counters().forget(Counter.EVENTS);
    pages.compactor().forgetFreed();
    budget.resetMostUsed();
  }
}
