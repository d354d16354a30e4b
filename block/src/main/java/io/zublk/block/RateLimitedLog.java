package io.zublk.block;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.LongSupplier;

/**
 * A log for threads that others rely on. Writing to it never throws: whoever logs is about to go on
 * in spite of something, and a log that cannot be written, say for want of memory or of file
 * descriptors, must not keep it from that. What happens over and over neither fills the log nor
 * hides what else there is in it: it is told once a minute, with how often it happened.
 *
 * <p>Thread-safe. Not for what happens in the ordinary course of a request: it allocates, takes a
 * lock and asks the clock.
 */
public final class RateLimitedLog {

  private final Logger logger;
  private final LongSupplier nanoTime;
  private final RepeatLimit repeats = new RepeatLimit();

  /** Writes to the {@link System.Logger} of this name. */
  public RateLimitedLog(String name) {
    this(System.getLogger(name), System::nanoTime);
  }

  /** The clock is in nanoseconds, from wherever. */
  RateLimitedLog(Logger logger, LongSupplier nanoTime) {
    this.logger = logger;
    this.nanoTime = nanoTime;
  }

  /** A line for whoever looks for a fault. It is not limited: who asks for such lines wants all. */
  public void debug(String line) {
    try {
      logger.log(Level.DEBUG, line);
    } catch (Throwable _) {
      // There is nobody left to tell.
    }
  }

  /**
   * Something that the user may want to mend.
   *
   * @param what does not work: the same text each time, as by it repetitions are known
   * @param why it does not, this time; its {@code toString()} is logged
   */
  public void warning(String what, Object why) {
    tell(Level.WARNING, what, why, null);
  }

  /**
   * Something that a fault in this program, or in the device it serves, has brought about. The
   * first of its kind comes with its trace; a kind has the same text and the same class.
   *
   * @param what has come of it: the same text each time
   */
  public void fault(String what, Throwable fault) {
    tell(Level.ERROR, what, fault, fault);
  }

  private void tell(Level level, String what, Object why, Throwable fault) {
    try {
      String kind = fault == null ? what : what + "|" + fault.getClass().getName();
      long unsaid = repeats.admit(kind, nanoTime.getAsLong());
      if (unsaid == RepeatLimit.NOT_NOW) {
        return;
      }
      if (unsaid > 0) {
        String times = " (and " + unsaid + " times since it was logged last)";
        logger.log(level, what + ": " + why + times);
      } else if (fault == null) {
        logger.log(level, what + ": " + why);
      } else {
        logger.log(level, what, fault);
      }
    } catch (Throwable _) {
      // There is nobody left to tell.
    }
  }
}
