package io.zublk.races;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/**
 * Who goes on at each step, for one interleaving after another, until all have been made: a
 * depth-first walk over the tree of choices, whose path is kept and the rest forgotten.
 */
final class Choices {

  /** A fork on the path: the threads that may go on, and the one that does. */
  private static final class Fork {
    final int[] threads;
    int taken;

    Fork(int[] threads) {
      this.threads = threads;
    }
  }

  private final int maxPreemptions;
  private final Deque<Fork> path = new ArrayDeque<>();
  private Iterator<Fork> replay = path.iterator();
  private int preemptions;

  /**
   * Choices with a limit.
   *
   * @param maxPreemptions how often a thread that could go on is halted in one interleaving
   */
  Choices(int maxPreemptions) {
    this.maxPreemptions = maxPreemptions;
  }

  /** Turns to the next interleaving; false if there is none. */
  boolean advance() {
    while (!path.isEmpty() && path.getLast().taken + 1 == path.getLast().threads.length) {
      path.removeLast();
    }
    if (path.isEmpty()) {
      return false;
    }
    path.getLast().taken++;
    replay = path.iterator();
    preemptions = 0;
    return true;
  }

  int first(int threads) {
    int[] all = new int[threads];
    for (int i = 0; i < threads; i++) {
      all[i] = i;
    }
    return choose(all);
  }

  /** The thread that goes on: {@code current}, if it may, before the others. */
  int next(int[] runnable, int current) {
    int[] ordered = runnable.clone();
    boolean canGoOn = false;
    for (int i = 0; i < ordered.length && !canGoOn; i++) {
      canGoOn = ordered[i] == current;
      if (canGoOn) {
        System.arraycopy(runnable, 0, ordered, 1, i);
        ordered[0] = current;
      }
    }
    if (canGoOn && preemptions == maxPreemptions) {
      return current;
    }
    int next = choose(ordered);
    preemptions += canGoOn && next != current ? 1 : 0;
    return next;
  }

  private int choose(int[] threads) {
    if (threads.length == 1) {
      return threads[0];
    }
    Fork fork;
    if (replay.hasNext()) {
      fork = replay.next();
    } else {
      fork = new Fork(threads);
      path.addLast(fork);
      // An iterator over a path that grew is of no use; it was at its end anyway.
      replay = java.util.Collections.emptyIterator();
    }
    return fork.threads[fork.taken];
  }
}
