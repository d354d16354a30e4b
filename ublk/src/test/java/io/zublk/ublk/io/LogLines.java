package io.zublk.ublk.io;

import io.zublk.block.RateLimitedLog;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** A log whose lines can be looked at. */
final class LogLines extends Handler {

  private static final String NAME = "io.zublk.ublk.test";

  final List<String> lines = new ArrayList<>();
  final List<Throwable> traces = new ArrayList<>();
  private final Logger logger = Logger.getLogger(NAME);

  LogLines() {
    logger.setUseParentHandlers(false);
    logger.addHandler(this);
  }

  RateLimitedLog log() {
    return new RateLimitedLog(NAME);
  }

  @Override
  public void publish(LogRecord logged) {
    lines.add(logged.getMessage());
    traces.add(logged.getThrown());
  }

  @Override
  public void flush() {
    // Nothing is kept back.
  }

  @Override
  public void close() {
    logger.removeHandler(this);
  }
}
