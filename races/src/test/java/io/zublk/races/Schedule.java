package io.zublk.races;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs a scenario's threads one at a time, in an order that {@link Choices} make. The thread that
 * runs asks before each of its steps who is next, and hands over if that is another one.
 */
final class Schedule {

  /** Pauses in a row, nobody else able to go on, after which the threads wait for one another. */
  private static final int MAX_IDLE_PAUSES = 32;

  /** Far more than any scenario takes: a thread that makes so many runs in circles. */
  private static final int MAX_STEPS = 1000;

  private static final Set<String> LOOKS =
      Set.of("get", "getAcquire", "getOpaque", "getPlain", "getVolatile");

  private final Choices choices;
  private final Semaphore[] turns;
  private final boolean[] ended;
  private final boolean[] pausing;
  private final CountDownLatch running;
  private final List<String> trace = new ArrayList<>();
  private int current;
  private int idlePauses;
  private Throwable failure;

  /** Set when the threads cannot be brought to their ends in turn. */
  private volatile boolean givenUp;

  Schedule(Choices choices, int threads) {
    this.choices = choices;
    this.turns = new Semaphore[threads];
    this.ended = new boolean[threads];
    this.pausing = new boolean[threads];
    this.running = new CountDownLatch(threads);
    for (int i = 0; i < threads; i++) {
      turns[i] = new Semaphore(0);
    }
  }

  /** Runs all threads to their ends. */
  void run(List<Scenario.Work> threads) throws InterruptedException {
    for (int i = 0; i < threads.size(); i++) {
      int self = i;
      Thread _ = Thread.startVirtualThread(() -> run(self, threads.get(self)));
    }
    current = choices.first(turns.length);
    turns[current].release();
    running.await();
  }

  private void run(int self, Scenario.Work work) {
    try {
      turns[self].acquire();
      work.run();
    } catch (Throwable t) {
      failure = failure == null ? t : failure;
    } finally {
      ended[self] = true;
      if (!givenUp) {
        giveTurn();
      }
      running.countDown();
    }
  }

  /** What any thread threw, null if none did. */
  Throwable failure() {
    return failure;
  }

  /** The steps in their order, for people. */
  String trace() {
    return String.join("\n", trace.subList(0, Math.min(trace.size(), MAX_STEPS / 10)));
  }

  /** Lets all threads run as they like from now on, so that they end. */
  private AssertionError giveUp(AssertionError reason) {
    failure = reason;
    givenUp = true;
    for (Semaphore turn : turns) {
      turn.release();
    }
    return reason;
  }

  void before(String access) {
    if (givenUp) {
      return;
    }
    int self = current;
    takeTurn(self);
    if (givenUp) {
      return;
    }
    trace.add("  thread " + self + ": " + access);
    if (trace.size() > MAX_STEPS) {
      throw giveUp(new AssertionError("thread " + self + " never ends"));
    }
    if (!isLook(access)) {
      Arrays.fill(pausing, false); // whoever waits for something may have got it now
      idlePauses = 0;
    }
  }

  /** Whether an access changes nothing that another thread may wait for. */
  private static boolean isLook(String access) {
    return LOOKS.contains(access) || access.startsWith("load ") || access.startsWith("GET");
  }

  void pause() {
    if (givenUp) {
      LockSupport.parkNanos(1);
      return;
    }
    int self = current;
    pausing[self] = true;
    if (runnable().length == 0 && ++idlePauses > MAX_IDLE_PAUSES) {
      throw giveUp(new AssertionError("thread " + self + " waits for what never comes"));
    }
    takeTurn(self);
    pausing[self] = false;
  }

  /** Lets the others run as long as it is their turn. */
  private void takeTurn(int self) {
    if (giveTurn() != self) {
      turns[self].acquireUninterruptibly();
    }
  }

  private int giveTurn() {
    int self = current;
    int[] runnable = runnable();
    if (runnable.length == 0) {
      // Those that pause look again: the last step of all may have been what they wait for.
      runnable = alive();
    }
    if (runnable.length == 0) {
      return -1;
    }
    int next = choices.next(runnable, self);
    current = next;
    if (next != self) {
      turns[next].release(); // from now on it may give the turn on
    }
    return next;
  }

  private int[] runnable() {
    return select(true);
  }

  private int[] alive() {
    return select(false);
  }

  private int[] select(boolean awake) {
    int[] selected = new int[turns.length];
    int count = 0;
    for (int i = 0; i < turns.length; i++) {
      if (!ended[i] && !(awake && pausing[i])) {
        selected[count++] = i;
      }
    }
    return Arrays.copyOf(selected, count);
  }
}
