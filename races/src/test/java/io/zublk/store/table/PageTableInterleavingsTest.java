package io.zublk.store.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.races.Interleavings;
import io.zublk.races.Scenario;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every order of the steps with which threads lock and replace one page's entry. */
class PageTableInterleavingsTest {

  private static final long FIRST = PageEntry.ofFill(0, 1);
  private static final long WORKERS = PageEntry.ofFill(0, 2);
  private static final long WRITERS = PageEntry.ofFill(0, 3);
  private static final long READERS = 0;

  /** Whoever replaces an entry frees what it points at: exactly one must be told of each. */
  static final class EntriesAreHandedOn implements Scenario {
    final PageTable table = new PageTable(MemorySegment.ofArray(new long[] {FIRST}), 0);
    long reader = READERS;
    boolean changedUnderTheLock;
    long worker;
    long writer;

    @Override
    public List<Work> threads() {
      return List.of(
          this::readAndUnlock,
          () -> worker = table.replaceIf(0, FIRST, WORKERS),
          () -> writer = table.replace(0, WRITERS));
    }

    private void readAndUnlock() {
      reader = table.lock(0);
      changedUnderTheLock = table.get(0) != (reader | PageEntry.LOCK);
      table.unlock(0, reader);
    }

    @Override
    public void check() {
      assertThat(changedUnderTheLock).isFalse();
      assertThat(reader).isIn(FIRST, WORKERS, WRITERS);
      boolean workerWon = worker == FIRST;
      // The writer always wins: last, or before the worker, who then finds another entry.
      assertThat(writer).isEqualTo(workerWon ? WORKERS : FIRST);
      assertThat(worker).isEqualTo(workerWon ? FIRST : WRITERS);
      assertThat(table.get(0)).isEqualTo(WRITERS);
    }
  }

  static final class TwoChangeUnderTheLock implements Scenario {
    final PageTable table = new PageTable(MemorySegment.ofArray(new long[1]), 0);

    @Override
    public List<Work> threads() {
      return List.of(this::add, this::add);
    }

    private void add() {
      long old = table.lock(0);
      table.unlock(0, old + 1);
    }

    @Override
    public void check() {
      assertThat(table.getUnlocked(0)).isEqualTo(2);
    }
  }

  @Test
  void exactlyOneIsToldOfEachEntryThatWasReplaced() throws Exception {
    assertThat(Interleavings.explore(EntriesAreHandedOn.class, 4, PageTable.class))
        .isGreaterThan(100);
  }

  @Test
  void noChangeUnderTheLockIsLost() throws Exception {
    assertThat(Interleavings.explore(TwoChangeUnderTheLock.class, 6, PageTable.class))
        .isGreaterThan(10);
  }
}
