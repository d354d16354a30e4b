package io.zublk.store.table;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PageTableTest {

  private static final long ENTRY = PageEntry.ofFill(0, 7);

  private final PageTable table = new PageTable(Arena.ofAuto().allocate(Long.BYTES), 0);

  @Test
  void anInterruptDoesNotMakeAWaitingThreadGiveUp() throws Exception {
    assertThat(table.replace(0, ENTRY)).isZero();
    assertThat(table.lock(0)).isEqualTo(ENTRY);
    AtomicLong found = new AtomicLong();
    Thread waiter =
        new Thread(() -> {
          Thread.currentThread().interrupt();
          found.set(table.lock(0));
        });
    waiter.start();
    while (waiter.getState() != Thread.State.TIMED_WAITING && waiter.isAlive()) {
      Thread.sleep(1);
    }
    table.unlock(0, ENTRY);
    waiter.join();
    assertThat(found.get()).isEqualTo(ENTRY);
  }

  @Test
  void anAbsentPageThatIsLockedIsNotAStuckLock() {
    assertThat(table.lock(0)).isZero();
    assertThat(table.replaceIf(0, ENTRY, ENTRY)).isNotEqualTo(PageTable.STUCK);
  }
}
