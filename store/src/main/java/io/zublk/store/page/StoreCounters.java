package io.zublk.store.page;

import io.zublk.block.ThreadCounters;
import java.util.ArrayList;
import java.util.List;

/** The counters of all threads: of every open access, and first those of all closed ones. */
public final class StoreCounters {

  private final List<ThreadCounters<Counter>> counters =
      new ArrayList<>(List.of(new ThreadCounters<>(Counter.class)));

  /** Counters for one more thread. */
  ThreadCounters<Counter> open() {
    var own = new ThreadCounters<>(Counter.class);
    synchronized (counters) {
      counters.add(own);
    }
    return own;
  }

  /** Keeps what a thread has counted that does not any more. False if that was done before. */
  boolean close(ThreadCounters<Counter> own) {
    synchronized (counters) {
      boolean isOpen = counters.remove(own);
      if (isOpen) {
        counters.getFirst().addAll(own);
      }
      return isOpen;
    }
  }

  /** What all threads have counted so far. Any thread. */
  public long sum(Counter counter) {
    synchronized (counters) {
      long sum = 0;
      for (int i = 0; i < counters.size(); i++) { // a stream would be garbage of the workers'
        sum += counters.get(i).get(counter);
      }
      return sum;
    }
  }
}
