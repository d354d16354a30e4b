package io.zublk.daemon.log;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.text.MessageFormat;
import java.util.ResourceBundle;

/**
 * Where the {@link System.Logger}s of all modules, and of the JDK, write: in a device's process the
 * device's log, else standard error. The JVM finds it as a service, and so without
 * java.util.logging.
 */
public final class DeviceLoggers extends System.LoggerFinder {

  /** What somebody should know who looks for the reason of a failure. */
  private static final Level LEAST = Level.INFO;

  private static volatile DeviceLog log;

  /** Made by the JVM. */
  public DeviceLoggers() {}

  /** Sends what is logged to {@code target} from now on. */
  public static void writeTo(DeviceLog target) {
    log = target;
  }

  @Override
  public Logger getLogger(String name, Module module) {
    return new ToDeviceLog(name);
  }

  private record ToDeviceLog(String name) implements Logger {

    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean isLoggable(Level level) {
      return level != Level.OFF && level.getSeverity() >= LEAST.getSeverity();
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
      if (isLoggable(level)) {
        write(message, thrown);
      }
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String format, Object... parameters) {
      if (isLoggable(level)) {
        boolean plain = parameters == null || parameters.length == 0;
        write(plain ? format : MessageFormat.format(format, parameters), null);
      }
    }

    private void write(String message, Throwable thrown) {
      DeviceLog target = log;
      if (target == null) {
        System.err.println("zublk: " + message);
      } else if (thrown == null) {
        target.line(name + ": " + message);
      } else {
        target.failure(name + ": " + message, thrown);
      }
    }
  }
}
