package io.zublk.nbd;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * The module's log. Writing to it never fails: whoever logs is about to go on in spite of
 * something, and a log that cannot be written, say for want of file descriptors, must not keep it
 * from that.
 */
final class Log {

  private static final Logger LOGGER = System.getLogger("io.zublk.nbd");

  private Log() {}

  static void debug(String line) {
    log(Level.DEBUG, line, null);
  }

  static void warning(String line) {
    log(Level.WARNING, line, null);
  }

  /** Something that a fault in this program, or in the device it serves, has brought about. */
  static void fault(String line, Throwable fault) {
    log(Level.ERROR, line, fault);
  }

  private static void log(Level level, String line, Throwable thrown) {
    try {
      LOGGER.log(level, line, thrown);
    } catch (Throwable e) {
      // There is nobody left to tell.
    }
  }
}
