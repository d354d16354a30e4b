package io.zublk.daemon.log;

import io.zublk.block.RateLimitedLog;
import io.zublk.daemon.UserException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * The log of a device's process: what happened to it, never what it served. All modules' loggers
 * end here ({@link DeviceLoggers}). The file is kept open, so that a process that is out of
 * descriptors can say so, and is cut when it is full. Until it is attached to a file, and once the
 * file is gone, lines go nowhere.
 *
 * <p>Safe for use by several threads.
 */
public final class DeviceLog {

  /**
   * Lies on a tmpfs, so it is memory. Some 500 lines: the last start, and what went wrong since.
   * Who logs what may happen over and over does it through a {@link RateLimitedLog}.
   */
  static final int MAX_BYTES = 64 << 10;

  private Path file;
  private FileOutputStream out;
  private long bytes;

  /** Writes to {@code log} from now on. */
  public synchronized void attach(Path log) {
    detach();
    file = log;
  }

  /** Forgets the file, so that nothing makes it again. */
  public synchronized void detach() {
    close(out);
    file = null;
    out = null;
  }

  public synchronized void line(String message) {
    if (file == null) {
      return;
    }
    byte[] line = (now() + " " + message + "\n").getBytes(StandardCharsets.UTF_8);
    try {
      if (out == null) {
        out = open(file);
        bytes = Files.size(file);
      }
      if (bytes + line.length > MAX_BYTES / 2) {
        startOver();
      }
      out.write(line);
      bytes += line.length;
    } catch (IOException e) {
      // A full run directory must not stop a device that serves.
    }
  }

  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MILLIS);
  }

  /** The next file is opened first: where that fails, the old one stays as it is. */
  private void startOver() throws IOException {
    Path next = file.resolveSibling("log.next");
    FileOutputStream opened = open(next);
    try {
      Files.move(file, file.resolveSibling("log.old"), StandardCopyOption.REPLACE_EXISTING);
      Files.move(next, file);
    } catch (IOException e) {
      close(opened);
      throw e;
    }
    close(out);
    out = opened;
    bytes = 0;
  }

  private static FileOutputStream open(Path path) throws IOException {
    try {
      Files.createFile(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } catch (FileAlreadyExistsException e) {
      // Of an earlier attempt.
    }
    return new FileOutputStream(path.toFile(), true);
  }

  private static void close(FileOutputStream stream) {
    try {
      if (stream != null) {
        stream.close();
      }
    } catch (IOException e) {
      // Nothing was buffered.
    }
  }

  /** Logs a failure, with its trace. */
  public void failure(String message, Throwable failure) {
    line(message + ": " + UserException.lineFor(failure) + "\n" + trace(failure).strip());
  }

  /** The stack trace, for logs and for {@code --debug}. */
  public static String trace(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    String trace = text.toString();
    return trace.substring(0, Math.min(trace.length(), MAX_BYTES / 8));
  }
}
