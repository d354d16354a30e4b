package io.zublk.store.arena;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.races.Interleavings;
import io.zublk.races.Scenario;
import io.zublk.store.file.SharedFile;
import io.zublk.store.file.StoreFile;
import io.zublk.store.file.StoreLayout;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every order of the steps with which a chunk's memory comes and goes while its slots do. */
class SlabArenaInterleavingsTest {

  private static final int CHUNK = SizeClasses.CHUNK_BYTES;

  /** Four of these fill a chunk. */
  private static final int PAGE = 4096;

  /** Some of these lie in two chunks. */
  private static final int THREE_QUARTERS = 3072;

  private static final long WRITTEN = 0x1234_5678_9abc_def0L;

  /** An arena of its own in the file that all scenarios use one after the other. */
  abstract static class OneArena implements Scenario {
    final StoreFile file = SharedFile.file();
    final MemoryBudget budget = new MemoryBudget(0, 0);
    final SlabArena arena;
    final int bytes;
    final long before;

    OneArena(boolean lazy, int bytes) throws IOException {
      this.bytes = bytes;
      file.release(0, file.layout().stagingOffset - file.layout().arenaOffset);
      file.clearDerived();
      before = file.allocatedBytes();
      arena = new SlabArena(file, budget, lazy);
    }

    /** Takes a slot and writes to it, as a page is stored: not one byte may get lost later. */
    long store() {
      long location = arena.allocate(bytes, false);
      return location < 0 ? location : write(location); // a reserve may be empty
    }

    /** The same where there is memory already; -ENOSPC if there is no such slot. */
    long storeInMemory() {
      long location = arena.allocateInMemory(SizeClasses.classOf(bytes));
      return location < 0 ? location : write(location);
    }

    private long write(long location) {
      file.memory().set(JAVA_LONG, file.layout().arenaOffset + location, WRITTEN);
      return location;
    }

    void free(long location) {
      arena.free(location, bytes);
    }

    void checkIsStored(long location) {
      assertThat(location).isNotNegative();
      assertThat(file.memory().get(JAVA_LONG, file.layout().arenaOffset + location))
          .isEqualTo(WRITTEN);
    }

    /** The budget counts what the kernel does, and it all comes back. */
    void checkMemoryAfterFreeing(long... locations) throws IOException {
      assertThat(file.allocatedBytes()).isEqualTo(before + budget.usedBytes());
      for (long location : locations) {
        arena.free(location, bytes);
      }
      boolean _ = arena.tidy();
      assertThat(budget.usedBytes()).isZero();
      assertThat(file.allocatedBytes()).isEqualTo(before);
    }
  }

  static final class OneFreesWhileAnotherStores extends OneArena {
    final long old = store();
    long fresh;

    OneFreesWhileAnotherStores() throws IOException {
      super(false, PAGE);
    }

    @Override
    public List<Work> threads() {
      return List.of(() -> free(old), () -> fresh = store());
    }

    @Override
    public void check() throws IOException {
      checkIsStored(fresh);
      checkMemoryAfterFreeing(fresh);
    }
  }

  static final class TwoFreeTheLastOfAChunk extends OneArena {
    final long first = store();
    final long second = store();
    final long inTheNextChunk;

    TwoFreeTheLastOfAChunk() throws IOException {
      super(false, PAGE);
      long third = store();
      long fourth = store();
      inTheNextChunk = store(); // keeps the slab
      free(third);
      free(fourth);
    }

    @Override
    public List<Work> threads() {
      return List.of(() -> free(first), () -> free(second));
    }

    @Override
    public void check() throws IOException {
      assertThat(budget.usedBytes()).isEqualTo(CHUNK);
      checkIsStored(inTheNextChunk);
      checkMemoryAfterFreeing(inTheNextChunk);
    }
  }

  /** A slot that lies in both chunks is in the way of one while the other is given back. */
  static final class TwoFreeTheLastOfNeighbours extends OneArena {
    long inTheFirst = -1;
    long inTheSecond = -1;
    long behind = -1;
    final List<Long> others = new ArrayList<>();

    TwoFreeTheLastOfNeighbours() throws IOException {
      super(false, THREE_QUARTERS);
      while (behind < 0) {
        long location = store();
        boolean whole = location / CHUNK == (location + bytes - 1) / CHUNK;
        if (whole && location / CHUNK == 0 && inTheFirst < 0) {
          inTheFirst = location;
        } else if (whole && location / CHUNK == 1 && inTheSecond < 0) {
          inTheSecond = location;
        } else if (whole && location / CHUNK == 3) {
          behind = location;
        } else {
          others.add(location);
        }
      }
      others.forEach(this::free);
      assertThat(budget.usedBytes()).isEqualTo(3 * CHUNK);
    }

    @Override
    public List<Work> threads() {
      return List.of(() -> free(inTheFirst), () -> free(inTheSecond));
    }

    @Override
    public void check() throws IOException {
      assertThat(budget.usedBytes()).isEqualTo(CHUNK);
      checkMemoryAfterFreeing(behind);
    }
  }

  static final class OneTidiesWhileOthersFreeAndStore extends OneArena {
    final long old = store();
    long fresh;

    OneTidiesWhileOthersFreeAndStore() throws IOException {
      super(true, PAGE);
    }

    @Override
    public List<Work> threads() {
      return List.of(() -> free(old), () -> fresh = store(), arena::tidy);
    }

    @Override
    public void check() throws IOException {
      checkIsStored(fresh);
      checkMemoryAfterFreeing(fresh);
    }
  }

  static final class OneFreesWhileAnotherStoresInItsMemory extends OneArena {
    final long old = store();
    final long stays = store();
    long fresh;

    OneFreesWhileAnotherStoresInItsMemory() throws IOException {
      super(false, THREE_QUARTERS);
    }

    @Override
    public List<Work> threads() {
      return List.of(() -> free(old), () -> fresh = storeInMemory(), () -> free(stays));
    }

    @Override
    public void check() throws IOException {
      if (fresh >= 0) {
        checkIsStored(fresh);
        checkMemoryAfterFreeing(fresh);
      } else {
        checkMemoryAfterFreeing();
      }
    }
  }

  /** The slab of the reserve is one that is tidied in mind of what it was before. */
  static final class OneTakesFromTheReserveWhileOthersTidyAndRefill extends OneArena {
    final long old;
    long fresh;

    OneTakesFromTheReserveWhileOthersTidyAndRefill() throws IOException {
      super(true, PAGE);
      long before = store();
      free(before);
      boolean _ = arena.tidy(); // unused again
      arena.startReserve(1, () -> {});
      assertThat(arena.refill()).isTrue();
      old = store();
    }

    @Override
    public List<Work> threads() {
      return List.of(() -> free(old), () -> fresh = store(), arena::tidy, arena::refill);
    }

    @Override
    public void check() throws IOException {
      if (fresh >= 0) {
        checkIsStored(fresh);
        free(fresh);
      }
      boolean _ = arena.tidy();
      assertThat(arena.refill()).isTrue();
      assertThat(budget.usedBytes()).isEqualTo(StoreLayout.SLAB_BYTES);
      assertThat(file.allocatedBytes()).isEqualTo(before + budget.usedBytes());
    }
  }

  @Test
  void noMemoryGoesUnderAnObjectThatTookItFromTheReserve() throws Exception {
    assertThat(
            Interleavings.explore(
                OneTakesFromTheReserveWhileOthersTidyAndRefill.class, 1, SlabDirectory.class))
        .isGreaterThan(100);
  }

  @Test
  void noMemoryGoesUnderAnObjectThatTookWhatWasThere() throws Exception {
    assertThat(
            Interleavings.explore(
                OneFreesWhileAnotherStoresInItsMemory.class, 2, SlabDirectory.class))
        .isGreaterThan(100);
  }

  @Test
  void noMemoryGoesUnderAnObject() throws Exception {
    assertThat(Interleavings.explore(OneFreesWhileAnotherStores.class, 3, SlabDirectory.class))
        .isGreaterThan(100);
  }

  @Test
  void theLastToFreeGivesTheMemoryBack() throws Exception {
    assertThat(Interleavings.explore(TwoFreeTheLastOfAChunk.class, 3, SlabDirectory.class))
        .isGreaterThan(100);
  }

  @Test
  void theLastToFreeGivesTheMemoryOfNeighboursBack() throws Exception {
    assertThat(Interleavings.explore(TwoFreeTheLastOfNeighbours.class, 2, SlabDirectory.class))
        .isGreaterThan(100);
  }

  @Test
  void noMemoryGoesUnderAnObjectWhileTidying() throws Exception {
    assertThat(
            Interleavings.explore(OneTidiesWhileOthersFreeAndStore.class, 2, SlabDirectory.class))
        .isGreaterThan(100);
  }
}
