package io.zublk.daemon.launch;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a JVM says on its standard output when it cannot start or crashes, and the one line of it
 * that names the problem.
 */
public final class JvmWords {

  /** A crash takes some twenty lines, an exception in its start some more. */
  private static final int MAX_LINES = 200;

  /**
   * Two blanks mark what happened: "# SIGSEGV (0xb) at pc=…", "# Internal Error (x.cpp:1)…"; a
   * letter where: "# C [libc.so.6+0x14d1b]".
   */
  private static final Pattern CRASH =
      Pattern.compile("#  \\S.*|# There is insufficient memory .*|# [A-Za-z~]  \\S.*");

  private static final Pattern REPORT = Pattern.compile("# /.*\\.log");

  /** Lines that stand before the problem, or go without saying. */
  private static final Pattern NOISE =
      Pattern.compile(
          "\\s*|Picked up .*|NOTE: .*|.* warning: .*|WARNING: Using incubator modules: .*|Error occurred during initialization of VM"
              + "|#|# A fatal error has been detected .*");

  private final List<String> lines = new ArrayList<>();

  /** Takes the next line; all but the first {@value #MAX_LINES} are dropped. */
  public void add(String line) {
    if (lines.size() < MAX_LINES) {
      lines.add(line.strip());
    }
  }

  /** The line that names the problem. */
  public String problem() {
    String crash = matching(CRASH).collect(Collectors.joining("; "));
    return crash.isEmpty()
        ? lines.stream()
            .filter(line -> !NOISE.matcher(line).matches())
            .findFirst()
            .orElse("it said nothing")
        : crash;
  }

  /** The file in which a JVM that crashed says all about it. */
  public Optional<Path> report() {
    return matching(REPORT).findFirst().map(Path::of);
  }

  private Stream<String> matching(Pattern pattern) {
    return lines.stream()
        .map(pattern::matcher)
        .filter(Matcher::matches)
        .map(matcher -> matcher.group().replaceFirst("#\\s+", ""));
  }
}
