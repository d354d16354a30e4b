package io.zublk.nbd;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What the module logs while a test runs. */
final class CapturedLog extends Handler implements AutoCloseable {

  // Held here: the system keeps a logger only as long as somebody does.
  private final Logger logger = Logger.getLogger("io.zublk.nbd");
  private final List<LogRecord> records = new CopyOnWriteArrayList<>();

  CapturedLog() {
    logger.addHandler(this);
  }

  /** The lines of faults, which have traces, or those without. */
  List<String> lines(boolean faults) {
    return records.stream()
        .filter(line -> (line.getThrown() != null) == faults)
        .map(LogRecord::getMessage)
        .toList();
  }

  @Override
  public void publish(LogRecord line) {
    records.add(line);
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    logger.removeHandler(this);
  }
}
