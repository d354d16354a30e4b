package io.zublk.races;

/**
 * What {@link SteppedClasses} call before they touch what other threads may see. Threads of a
 * {@link Scenario} are halted there, and go on when it is their turn; all others pass.
 */
public final class Steps {

  private static Schedule schedule;

  private Steps() {}

  /** Sets whose threads are halted; null for nobody's. */
  static void halt(Schedule newSchedule) {
    schedule = newSchedule;
  }

  /** Comes before an access to what threads share. */
  public static void before(String access) {
    if (schedule != null) {
      schedule.before(access);
    }
  }

  /** Stands for waiting a moment: pointless until another thread has made a step. */
  public static void pause() {
    if (schedule != null) {
      schedule.pause();
    }
  }
}
