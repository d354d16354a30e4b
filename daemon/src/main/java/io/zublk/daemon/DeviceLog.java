package io.zublk.daemon;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * The log of a device's process: what happened to it, never what it served. The file is opened for
 * each line, because lines are rare, and cut when it is full. Until it is attached to a file, and
 * once the file is gone, lines go nowhere.
 */
final class DeviceLog {

  /**
   * Lies on a tmpfs, so it is memory. Some 500 lines: the last start, and any storm of errors
   * since.
   */
  static final int MAX_BYTES = 64 << 10;

  private Path file;

  /** Writes to {@code log} from now on. */
  synchronized void attach(Path log) {
    file = log;
  }

  /** Forgets the file, so that nothing makes it again. */
  synchronized void detach() {
    file = null;
  }

  synchronized void line(String message) {
    if (file == null) {
      return;
    }
    String line = Instant.now().truncatedTo(ChronoUnit.MILLIS) + " " + message + "\n";
    try {
      if (Files.exists(file) && Files.size(file) + line.length() > MAX_BYTES / 2) {
        Files.move(file, file.resolveSibling("log.old"), StandardCopyOption.REPLACE_EXISTING);
      }
      Files.write(
          file,
          line.getBytes(StandardCharsets.UTF_8),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      // A full run directory must not stop a device that serves.
    }
  }

  void failure(String message, Throwable failure) {
    line(message + ": " + UserException.lineFor(failure) + "\n" + trace(failure).strip());
  }

  /** The stack trace, for logs and for {@code --debug}. */
  static String trace(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    String trace = text.toString();
    return trace.substring(0, Math.min(trace.length(), MAX_BYTES / 8));
  }
}
