package io.zublk.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A log file in which no stack trace may ever be. */
public final class Logged {

  private final Path file;

  /** A log in this file, which is deleted at the end. */
  public Logged(Path file) {
    this.file = file;
    file.toFile().deleteOnExit();
  }

  public Path file() {
    return file;
  }

  /** Fails if a trace was logged since. */
  public void checkNoFault() throws IOException {
    if (Files.exists(file)) {
      String text = Files.readString(file);
      Files.delete(file);
      if (text.contains("\tat ")) {
        throw new AssertionError("logged: " + text);
      }
    }
  }
}
