package io.zublk.daemon.registry;

import io.zublk.daemon.launch.JvmWords;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Why a device's JVM ended without a word of its program's: it crashed, and left a report, or had
 * no memory left, and said so on its output.
 */
final class LastWords {

  /** A report begins with what happened; what follows is hundreds of lines. */
  private static final int REPORT_LINES = 30;

  private static final int MAX_CHARS = 200;

  /** {@code -XX:+ExitOnOutOfMemoryError} (debug.cpp of the JDK). */
  private static final String NO_MEMORY = "Terminating due to ";

  private LastWords() {}

  /** Of the process that a record names; empty if it said nothing, as one that was killed. */
  static Optional<String> of(DeviceDir dir, DeviceRecord record) {
    Path report = dir.runDir().crashReport(Long.toString(record.pid()));
    return crash(report)
        .or(() -> noMemory(dir))
        .map(words -> words.length() > MAX_CHARS ? words.substring(0, MAX_CHARS) + "…" : words);
  }

  private static Optional<String> crash(Path report) {
    List<String> lines = read(report, StandardCharsets.ISO_8859_1, REPORT_LINES);
    JvmWords words = new JvmWords();
    lines.forEach(words::add);
    return lines.isEmpty() ? Optional.empty() : Optional.of(words.problem());
  }

  /** Said since the record was written: all processes of the device write into the same file. */
  private static Optional<String> noMemory(DeviceDir dir) {
    try {
      if (Files.getLastModifiedTime(dir.output(), LinkOption.NOFOLLOW_LINKS)
              .compareTo(Files.getLastModifiedTime(dir.recordFile()))
          < 0) {
        return Optional.empty();
      }
    } catch (IOException e) {
      return Optional.empty();
    }
    return read(dir.output(), StandardCharsets.ISO_8859_1, Integer.MAX_VALUE).stream()
        .filter(line -> line.startsWith(NO_MEMORY))
        .reduce((_, last) -> last)
        .map(line -> line.substring(NO_MEMORY.length()));
  }

  /** The first lines; of a file that cannot be read, none. */
  static List<String> read(Path file, Charset charset, int lines) {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return List.of();
    }
    try (Stream<String> all = Files.lines(file, charset)) {
      return all.limit(lines).toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of();
    }
  }
}
