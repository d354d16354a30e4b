package io.zublk.store;

import io.zublk.store.table.Naps;
import io.zublk.uring.sys.LinuxException;
import io.zublk.uring.sys.ProcessBarrier;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;

/**
 * What every request of every channel passes, so that somebody can wait until the store is quiet:
 * until all channels are between two requests.
 *
 * <p>A channel says that it is inside and then looks whether the gate is shut; whoever shuts it
 * says so and then looks who is inside; it may be shut for good, or held for a while. Neither may
 * look before the other can see what it said, or both would go on. For the channel that would take
 * a full barrier in each request. So the other side, which comes once, makes all threads of the
 * process have one between its saying and its looking ({@link ProcessBarrier}). A channel that has
 * its barrier after it said that it is inside is seen inside. One that has it before that looks
 * later than the barrier, and sees the gate shut. What is left to the channel is that its two
 * accesses are made in this order by the code that runs them: a fence that costs x86 no instruction
 * keeps the compiler from swapping them. What the CPU swaps does not matter, as an interrupt, which
 * is how the barrier comes, is between two instructions.
 *
 * <p>A request that is answered late is under way until its answer: who takes it over opens an
 * entrance of its own and enters there before the channel leaves, and leaves after the answer.
 */
final class Gate {

  private static final VarHandle STATE = stateHandle();
  private static final VarHandle INSIDE = MethodHandles.arrayElementVarHandle(long[].class);

  private static final int OPEN = 0;
  private static final int HELD = 1;
  private static final int SHUT = 2;

  /** Otherwise every request pays for the barrier itself. */
  private static final boolean HAS_PROCESS_BARRIER = ProcessBarrier.isAvailable();

  /** Naps of a millisecond: twice what a request waits for a lock that is never given back. */
  private static final int MAX_NAPS = 10_000;

  /** Keeps what a thread writes in each request out of the cache lines of others. */
  private static final int PADDING = 16;

  private final int mostNaps;
  private final List<Entrance> entrances = new ArrayList<>();

  private int state = OPEN;

  Gate() {
    this(MAX_NAPS);
  }

  /** A gate that waits for those inside so many milliseconds. */
  Gate(int mostNaps) {
    this.mostNaps = mostNaps;
  }

  private static VarHandle stateHandle() {
    try {
      return MethodHandles.lookup().findVarHandle(Gate.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Opens an entrance for one thread. */
  Entrance open() {
    Entrance entrance = new Entrance();
    synchronized (entrances) {
      entrances.add(entrance);
    }
    return entrance;
  }

  /**
   * Lets no request in any more, and waits for those that are inside.
   *
   * @return false if one still is after ten seconds
   * @throws UncheckedIOException if it cannot be known who is inside: there was no memory for the
   *     barrier
   */
  boolean shut() {
    STATE.setVolatile(this, SHUT);
    return awaitQuiet();
  }

  /**
   * Does something while nobody is inside; who wants to come in waits until it is done.
   *
   * @return false, and nothing is done, if somebody is inside after ten seconds, the gate is shut,
   *     or somebody else does such a thing
   * @throws UncheckedIOException as {@link #shut}
   */
  boolean whileQuiet(Runnable work) {
    if (!STATE.compareAndSet(this, OPEN, HELD)) {
      return false;
    }
    Entrance own = open();
    try {
      // Who shuts the gate meanwhile waits for us as for anybody who is inside.
      if (!awaitQuiet() || !own.enterWhileHeld()) {
        return false;
      }
      work.run();
      return true;
    } finally {
      own.leave();
      own.close();
      boolean _ = STATE.compareAndSet(this, HELD, OPEN);
    }
  }

  private boolean awaitQuiet() {
    awaitBarrier();
    boolean isQuiet = isQuiet();
    for (int naps = 0; naps < mostNaps && !isQuiet; naps++) {
      Naps.millisecond();
      isQuiet = isQuiet();
    }
    return isQuiet;
  }

  private static void awaitBarrier() {
    if (HAS_PROCESS_BARRIER) {
      try {
        ProcessBarrier.await();
      } catch (LinuxException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** An entrance that is opened after this finds the gate shut, because of the monitor. */
  private boolean isQuiet() {
    synchronized (entrances) {
      for (Entrance entrance : entrances) {
        if (entrance.isInside()) {
          return false;
        }
      }
      return true;
    }
  }

  /**
   * Waits until all have left that are inside now; others may come in meanwhile.
   *
   * @return false if one still is inside after ten seconds
   * @throws UncheckedIOException as {@link #shut}
   */
  boolean awaitThoseInside() {
    awaitBarrier();
    List<Entrance> left;
    synchronized (entrances) {
      left = new ArrayList<>(entrances);
    }
    left.removeIf(entrance -> !entrance.isInside());
    for (int naps = 0; naps < mostNaps && !left.isEmpty(); naps++) {
      Naps.millisecond();
      left.removeIf(entrance -> !entrance.isInside());
    }
    return left.isEmpty();
  }

  /** One thread's way in. Allocates nothing but itself. */
  final class Entrance {

    private final long[] inside = new long[PADDING + 1 + PADDING];

    private Entrance() {}

    /** Begins a request, when the gate is not held; false if it is shut, then it is none. */
    boolean enter() {
      INSIDE.setOpaque(inside, PADDING, 1L);
      if (HAS_PROCESS_BARRIER) {
        VarHandle.acquireFence(); // for the compiler, see above
      } else {
        VarHandle.fullFence();
      }
      return (int) STATE.getAcquire(Gate.this) == OPEN || enterLater();
    }

    /** Waits as long as the gate is held; false if it is shut. */
    private boolean enterLater() {
      while (true) {
        leave();
        while ((int) STATE.getVolatile(Gate.this) == HELD) {
          Naps.millisecond();
        }
        INSIDE.setVolatile(inside, PADDING, 1L);
        VarHandle.fullFence();
        int now = (int) STATE.getVolatile(Gate.this);
        if (now == OPEN) {
          return true;
        }
        if (now == SHUT) {
          leave();
          return false;
        }
      }
    }

    /** The way in of whoever holds the gate; false if it is shut. */
    private boolean enterWhileHeld() {
      INSIDE.setVolatile(inside, PADDING, 1L);
      VarHandle.fullFence();
      return (int) STATE.getVolatile(Gate.this) == HELD;
    }

    /** Ends a request: all that it did to the store comes before. */
    void leave() {
      INSIDE.setRelease(inside, PADDING, 0L);
    }

    private boolean isInside() {
      return (long) INSIDE.getVolatile(inside, PADDING) != 0;
    }

    /** Ends the way in, outside of a request. */
    void close() {
      synchronized (entrances) {
        entrances.remove(this);
      }
    }
  }
}
