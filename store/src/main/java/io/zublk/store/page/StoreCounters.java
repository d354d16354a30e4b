package io.zublk.store.page;

import io.zublk.block.ThreadCounters;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The counters of all threads: of every open access, and first those of all closed ones. */
public final class StoreCounters {

  private final List<ThreadCounters<Counter>> counters =
      new ArrayList<>(List.of(new ThreadCounters<>(Counter.class)));

  /** What was counted before it was to be forgotten. */
  private final Map<Counter, Long> forgotten = new EnumMap<>(Counter.class);

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

  /** Lets counters begin anew, which are their threads' and cannot be changed. */
  public void forget(Set<Counter> events) {
    synchronized (counters) {
      events.forEach(event -> forgotten.merge(event, sum(event), Long::sum));
    }
  }

  /** What all threads have counted since it was last forgotten. Any thread. */
  public long sum(Counter counter) {
    synchronized (counters) {
      Long before = forgotten.get(counter);
      long sum = before == null ? 0 : -before;
      for (int i = 0; i < counters.size(); i++) { // a stream would be garbage of the workers'
        sum += counters.get(i).get(counter);
      }
      return sum;
    }
  }
}
