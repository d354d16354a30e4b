package io.zublk.races;

import java.util.List;

/**
 * A few threads at work on something they share, and what must be true once they have ended. It is
 * made anew for every interleaving of their steps.
 */
public interface Scenario {

  /** A thread's work; always the same for the same interleaving. */
  @FunctionalInterface
  interface Work {
    void run() throws Exception;
  }

  /** What the threads do at the same time. */
  List<Work> threads();

  /** Throws an AssertionError if what they left cannot be. */
  void check() throws Exception;
}
