package io.zublk.daemon.machine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** The few facts about processes and the machine that only /proc tells (proc(5)). */
public final class ProcFs {

  private static final Path PROC = Path.of("/proc");

  /** Fields of /proc/PID/stat, counted from the one after the command's closing bracket. */
  private static final int STATE = 3 - 3;

  private static final int FLAGS = 9 - 3;
  private static final int START_TIME = 22 - 3;

  /** Of the flags: PF_EXITING (include/linux/sched.h). */
  private static final long EXITING = 4;

  private ProcFs() {}

  /** When a process started, in clock ticks since boot; empty if there is no such process. */
  public static OptionalLong startTicks(long pid) {
    return stat(pid)
        .map(fields -> OptionalLong.of(Long.parseLong(fields[START_TIME])))
        .orElse(OptionalLong.empty());
  }

  /**
   * Whether the process that had this number since {@code startTicks} still runs. One that has
   * ended and waits for its parent to notice does not.
   */
  public static boolean isRunning(long pid, long startTicks) {
    return running(pid, startTicks).isPresent();
  }

  /** As {@link #isRunning}, but for one that the kernel is just taking down. */
  public static boolean isRunningOn(long pid, long startTicks) {
    return running(pid, startTicks)
        .filter(fields -> (Long.parseLong(fields[FLAGS]) & EXITING) == 0)
        .isPresent();
  }

  private static Optional<String[]> running(long pid, long startTicks) {
    return stat(pid)
        .filter(fields -> Long.parseLong(fields[START_TIME]) == startTicks)
        .filter(fields -> !"ZX".contains(fields[STATE]));
  }

  private static Optional<String[]> stat(long pid) {
    try {
      return Optional.of(fields(text(PROC.resolve(pid + "/stat"))));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** The command may contain blanks and brackets; nothing after its last bracket does. */
  private static String[] fields(String stat) {
    return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
  }

  /** This process's resident memory in bytes, all of it: heap, code, shared file pages. */
  public static long rssBytes() {
    return sumKilobytes(Path.of("/proc/self/status"), List.of("VmRSS"));
  }

  /**
   * This process's resident memory in bytes without pages of shared memory: what the process costs
   * beside its store, whose mapped pages the store accounts for itself.
   */
  public static long privateRssBytes() {
    return sumKilobytes(Path.of("/proc/self/status"), List.of("RssAnon", "RssFile"));
  }

  /** This process's memory that no file backs, in bytes: it cannot be reclaimed without swap. */
  public static long anonymousBytes() {
    return sumKilobytes(Path.of("/proc/self/status"), List.of("RssAnon"));
  }

  /** The kernel's numbers of this process's threads. */
  public static List<Integer> threads() throws IOException {
    try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
      return threads.map(thread -> Integer.valueOf(thread.getFileName().toString())).toList();
    }
  }

  /** The kernel's flags of one of this process's threads (PF_ in include/linux/sched.h). */
  static long threadFlags(int thread) throws IOException {
    return Long.parseLong(fields(text(Path.of("/proc/self/task/" + thread + "/stat")))[FLAGS]);
  }

  /** This process's memory that is locked, in bytes. */
  static long lockedBytes() {
    return sumKilobytes(Path.of("/proc/self/status"), List.of("VmLck"));
  }

  /** The memory of this machine in bytes. */
  public static long totalMemoryBytes() {
    return sumKilobytes(Path.of("/proc/meminfo"), List.of("MemTotal"));
  }

  /** The memory that could be had without swapping, in bytes. */
  public static long availableMemoryBytes() {
    return sumKilobytes(Path.of("/proc/meminfo"), List.of("MemAvailable"));
  }

  /** The effective user id of this process. */
  public static int effectiveUid() {
    for (String line : ownLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("Uid:")) {
        return Integer.parseInt(line.split("\\s+", -1)[2]);
      }
    }
    throw new IllegalStateException("no Uid in /proc/self/status");
  }

  private static long sumKilobytes(Path file, List<String> keys) {
    long kilobytes = 0;
    for (String line : ownLines(file)) {
      int colon = line.indexOf(':');
      if (colon > 0 && keys.contains(line.substring(0, colon))) {
        kilobytes += Long.parseLong(line.substring(colon + 1).replace("kB", "").strip());
      }
    }
    return kilobytes << 10;
  }

  private static List<String> ownLines(Path file) {
    try {
      return lines(file);
    } catch (IOException e) {
      throw new IllegalStateException("cannot read " + file + "; is /proc mounted?", e);
    }
  }

  /** The lines of a file of the kernel, read as {@link #text}. A carriage return ends none. */
  public static List<String> lines(Path file) throws IOException {
    String text = text(file);
    return text.isEmpty() ? List.of() : List.of(text.split("\n"));
  }

  /**
   * A file of the kernel, a char for each byte: names of files and programs in there are whatever
   * somebody made them, and need not be text.
   */
  private static String text(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.ISO_8859_1);
  }
}
