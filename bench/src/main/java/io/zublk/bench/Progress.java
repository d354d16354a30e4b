package io.zublk.bench;

/** Tells somebody who waits what is going on. */
@FunctionalInterface
public interface Progress {

  /** A new step has begun. */
  void step(String what);
}
