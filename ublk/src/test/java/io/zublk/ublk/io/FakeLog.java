package io.zublk.ublk.io;

import java.text.MessageFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.ResourceBundle;

/** A log that can be read. */
final class FakeLog implements System.Logger {

  final List<String> lines = new ArrayList<>();
  final List<Throwable> traces = new ArrayList<>();

  @Override
  public String getName() {
    return "fake";
  }

  @Override
  public boolean isLoggable(Level level) {
    return true;
  }

  @Override
  public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
    lines.add(message);
    traces.add(thrown);
  }

  @Override
  public void log(Level level, ResourceBundle bundle, String format, Object... parameters) {
    lines.add(MessageFormat.format(format, parameters));
  }
}
