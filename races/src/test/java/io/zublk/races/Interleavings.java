package io.zublk.races;

import java.lang.reflect.Constructor;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs a {@link Scenario} once for every order in which its threads' steps can follow one another.
 * Every order that a memory without delays allows, that is; delays are for jcstress to find.
 */
public final class Interleavings {

  /** All orders, however often threads are halted. */
  public static final int ANY = Integer.MAX_VALUE;

  /** Some ten thousand a second; a scenario that needs more is too large for a build. */
  private static final long MAX_RUNS = 200_000;

  /** Generous: a scenario takes a second or two. */
  private static final long LIMIT_SECONDS = 120;

  private Interleavings() {}

  /**
   * Explores the orders in which no more than {@code preemptions} times a thread is halted that
   * could go on: nearly every mistake shows with two or three.
   *
   * @param stepped classes of store, ublk or nbd, whose steps count
   * @return how many orders there were
   * @throws AssertionError with the steps that led to it
   */
  public static long explore(
      Class<? extends Scenario> scenario, int preemptions, Class<?>... stepped) throws Exception {
    Constructor<? extends Scenario> fresh = load(scenario, stepped).getDeclaredConstructor();
    fresh.setAccessible(true);
    FutureTask<Long> walk = new FutureTask<>(() -> explore(fresh, new Choices(preemptions)));
    // On a virtual thread, so that handing over to another is cheap.
    Thread _ = Thread.startVirtualThread(walk);
    try {
      return walk.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError("threads that do not end, or a scenario that is too large", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AssertionError error) {
        throw error;
      }
      throw e;
    }
  }

  private static Class<? extends Scenario> load(
      Class<? extends Scenario> scenario, Class<?>... stepped) throws ClassNotFoundException {
    Set<String> names = new HashSet<>();
    for (Class<?> one : stepped) {
      names.add(one.getName());
    }
    return new SteppedClasses(names).loadClass(scenario.getName()).asSubclass(Scenario.class);
  }

  private static long explore(Constructor<? extends Scenario> fresh, Choices choices)
      throws Exception {
    long runs = 0;
    do {
      run(fresh.newInstance(), choices);
      if (++runs == MAX_RUNS) {
        throw new AssertionError("more than " + MAX_RUNS + " interleavings: make it smaller");
      }
    } while (choices.advance());
    return runs;
  }

  private static void run(Scenario scenario, Choices choices) throws Exception {
    var threads = scenario.threads();
    Schedule schedule = new Schedule(choices, threads.size());
    Steps.halt(schedule);
    try {
      schedule.run(threads);
    } finally {
      Steps.halt(null);
    }
    try {
      if (schedule.failure() != null) {
        throw schedule.failure();
      }
      scenario.check();
    } catch (Throwable t) {
      throw new AssertionError(t + ", after\n" + schedule.trace(), t);
    }
  }
}
