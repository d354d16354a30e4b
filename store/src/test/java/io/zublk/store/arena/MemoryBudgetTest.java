package io.zublk.store.arena;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.block.Geometry;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {

  private static final int PAGE = Geometry.PAGE_BYTES;

  private final MemoryBudget budget = new MemoryBudget(0, 0);

  /** A thread that looks may wait for a CPU between one number and the other. */
  @Test
  void whatIsTakenWhileTheFileSystemIsLookedAtIsNotPromisedAgain() {
    budget.lookAtFileSystem(() -> {
      assertThat(budget.take(3 * PAGE)).isTrue();
      return 10L * PAGE; // as it was before
    });
    assertThat(budget.promise(8, 0)).isFalse();
    assertThat(budget.promise(7, 0)).isTrue();
  }

  @Test
  void norIsWhatIsGivenBackMeanwhile() {
    assertThat(budget.take(3 * PAGE)).isTrue();
    budget.lookAtFileSystem(() -> {
      budget.giveBack(3 * PAGE);
      return 10L * PAGE; // as it is after that
    });
    assertThat(budget.promise(11, 0)).isFalse();
    assertThat(budget.promise(10, 0)).isTrue();
  }
}
