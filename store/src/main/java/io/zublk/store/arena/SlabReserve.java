package io.zublk.store.arena;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Slabs that no class uses and that have all of their memory: where a writer goes on that must not
 * wait for the kernel, since the kernel may be waiting for it. A swapped page is written to make
 * room, so there is no room to ask for.
 *
 * <p>Any number of threads take, one adds. Lock-free; allocates nothing.
 */
final class SlabReserve {

  private static final int EMPTY = -1;

  /** Places for slabs, each with one or {@link #EMPTY}; not a stack, which would have ABA. */
  private final AtomicIntegerArray places;

  private final AtomicInteger size = new AtomicInteger();
  private final AtomicLong failures = new AtomicLong();

  /** 1 for each class that drew on the reserve since the thread that refills looked. */
  private final AtomicIntegerArray wanted = new AtomicIntegerArray(SizeClasses.count());

  private final Runnable onUse;

  SlabReserve(int mostSlabs, Runnable onUse) {
    this.places = new AtomicIntegerArray(mostSlabs);
    for (int place = 0; place < mostSlabs; place++) {
      places.setPlain(place, EMPTY);
    }
    this.onUse = onUse;
  }

  /** Takes a slab for a class, and has another one made ready; -1 if there is none. */
  int take(int sizeClass) {
    int slab = tryTake();
    if (slab == EMPTY) {
      failures.incrementAndGet();
    } else {
      size.decrementAndGet();
    }
    wanted.set(sizeClass, 1);
    onUse.run();
    return slab;
  }

  private int tryTake() {
    for (int place = 0; place < places.length(); place++) {
      int slab = places.getPlain(place);
      if (slab != EMPTY && places.compareAndSet(place, slab, EMPTY)) {
        return slab;
      }
    }
    return EMPTY;
  }

  /** Adds a slab; there is a place for it, as {@link #isWanting} said. One thread. */
  void add(int slab) {
    size.incrementAndGet(); // before anybody can take it, so that it never is below 0
    for (int place = 0; place < places.length(); place++) {
      if (places.compareAndSet(place, EMPTY, slab)) {
        return;
      }
    }
    throw new IllegalStateException("no place in the reserve");
  }

  boolean isWanting() {
    return size.get() < places.length();
  }

  int size() {
    return size.get();
  }

  long failures() {
    return failures.get();
  }

  /** Whether a class has taken since the last call: it had no memory of its own. One thread. */
  boolean wasWanted(int sizeClass) {
    return wanted.get(sizeClass) != 0 && wanted.getAndSet(sizeClass, 0) != 0;
  }
}
