package io.zublk.block;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ThreadCountersTest {

  private enum Fruit {
    APPLES,
    PEARS,
    PLUMS
  }

  @Test
  void countsEachByItself() {
    ThreadCounters<Fruit> counters = new ThreadCounters<>(Fruit.class);
    counters.add(Fruit.APPLES, 3);
    counters.add(Fruit.PLUMS, 1L << 40);
    counters.add(Fruit.APPLES, -5);
    assertThat(counters.get(Fruit.APPLES)).isEqualTo(-2);
    assertThat(counters.get(Fruit.PEARS)).isZero();
    assertThat(counters.get(Fruit.PLUMS)).isEqualTo(1L << 40);
  }

  @Test
  void addsUpThreads() {
    ThreadCounters<Fruit> sum = new ThreadCounters<>(Fruit.class);
    for (Fruit fruit : Fruit.values()) {
      ThreadCounters<Fruit> thread = new ThreadCounters<>(Fruit.class);
      thread.add(fruit, 1);
      thread.add(Fruit.PLUMS, 10);
      sum.addAll(thread);
    }
    assertThat(sum.get(Fruit.APPLES)).isOne();
    assertThat(sum.get(Fruit.PEARS)).isOne();
    assertThat(sum.get(Fruit.PLUMS)).isEqualTo(31);
  }
}
