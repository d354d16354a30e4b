package io.zublk.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class IdleSetTest {

  private final IdleSet idle = new IdleSet();

  @Test
  void givesOutTheLowestOnce() {
    idle.add(63);
    idle.add(5);
    assertThat(idle.claim()).isEqualTo(5);
    assertThat(idle.claim()).isEqualTo(63);
    assertThat(idle.claim()).isEqualTo(IdleSet.NONE);
    assertThat(idle.isEmpty()).isTrue();
  }

  @Test
  void whoWakesByItselfIsNotClaimed() {
    idle.add(7);
    idle.add(7);
    assertThat(idle.isEmpty()).isFalse();
    assertThat(idle.remove(7)).isTrue();
    assertThat(idle.remove(7)).as("claimed by somebody else, or never idle").isFalse();
    assertThat(idle.claim()).isEqualTo(IdleSet.NONE);
  }

  @Test
  void numbersThatWouldBecomeOthersAreRefused() {
    assertThatThrownBy(() -> idle.add(64)).isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> idle.remove(-1)).isInstanceOf(AssertionError.class);
  }

  @Test
  void noTwoThreadsHaveTheSameWorker() throws InterruptedException {
    int workers = 3;
    AtomicIntegerArray owners = new AtomicIntegerArray(workers);
    AtomicInteger clashes = new AtomicInteger();
    for (int worker = 0; worker < workers; worker++) {
      idle.add(worker);
    }
    Thread[] threads = new Thread[4];
    for (int i = 0; i < threads.length; i++) {
      threads[i] =
          Thread.ofPlatform()
              .start(() -> {
                for (int round = 0; round < 100_000; round++) {
                  int mine = idle.claim();
                  if (mine != IdleSet.NONE) {
                    clashes.addAndGet(owners.incrementAndGet(mine) - 1);
                    owners.decrementAndGet(mine);
                    idle.add(mine);
                  }
                }
              });
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(clashes).hasValue(0);
  }
}
