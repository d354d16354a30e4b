package io.zublk.store.staging;

/** What writers ring when there is something to compress. Any thread; allocates nothing. */
@FunctionalInterface
public interface BatchAlarm {

  /**
   * Sees to it that somebody takes a batch.
   *
   * @param isComplete whether it will get no more pages; otherwise there is some time
   */
  void ring(boolean isComplete);
}
