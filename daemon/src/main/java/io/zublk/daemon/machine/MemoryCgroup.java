package io.zublk.daemon.machine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A group of processes whose memory is limited: a container's, a systemd unit's, a session's. What
 * a device stores counts there as its process's; at the limit the kernel kills.
 *
 * @param directory the group's files
 * @param limitBytes the most it may take
 * @param usedBytes what it takes now and cannot be made to give back: memory of programs, and
 *     shared memory, such as other devices' contents
 */
public record MemoryCgroup(Path directory, long limitBytes, long usedBytes) {

  /** Version 1 says "no limit" by the largest number of whole pages. */
  private static final long NO_LIMIT = 1L << 60;

  /** Documentation/admin-guide/cgroup-v2.rst; above "high" what cannot be reclaimed only stalls. */
  private static final List<String> LIMITS_V2 = List.of("memory.max", "memory.high");

  private static final List<String> USES_V2 = List.of("anon", "shmem");

  /** Documentation/admin-guide/cgroup-v1/memory.rst. */
  private static final List<String> LIMITS_V1 = List.of("memory.limit_in_bytes");

  private static final List<String> USES_V1 = List.of("total_rss", "total_shmem");

  /** What is left, in bytes. */
  public long freeBytes() {
    return limitBytes - usedBytes;
  }

  /** Of this process's group and the groups it lies in, the one with the least left. */
  public static Optional<MemoryCgroup> tightest() {
    return tightest(Path.of("/proc/self/cgroup"), Path.of("/sys/fs/cgroup"));
  }

  /** As above, with {@code mount} for /sys/fs/cgroup. */
  static Optional<MemoryCgroup> tightest(Path membership, Path mount) {
    List<MemoryCgroup> groups = new ArrayList<>();
    for (String line : lines(membership)) {
      // "0::/user.slice/…" in version 2, "4:memory:/docker/…" in version 1
      String[] fields = line.split(":", 3);
      if (fields.length == 3 && fields[1].isEmpty()) {
        addUpwards(groups, mount, fields[2], LIMITS_V2, USES_V2);
      } else if (fields.length == 3 && Arrays.asList(fields[1].split(",", -1)).contains("memory")) {
        addUpwards(groups, mount.resolve("memory"), fields[2], LIMITS_V1, USES_V1);
      }
    }
    return groups.stream().min(Comparator.comparingLong(MemoryCgroup::freeBytes));
  }

  private static void addUpwards(
      List<MemoryCgroup> groups, Path root, String path, List<String> limits, List<String> uses) {
    Path own = root.resolve(decoded(path).substring(1)).normalize();
    // In a container the path may be the host's, and the mount begins at the container's group.
    Path directory = own.startsWith(root) && Files.isDirectory(own) ? own : root;
    for (; directory.startsWith(root); directory = directory.getParent()) {
      long limit = least(directory, limits);
      if (limit < NO_LIMIT) {
        groups.add(new MemoryCgroup(directory, limit, used(directory, uses)));
      }
    }
  }

  /**
   * The kernel's bytes, which {@link ProcFs#lines} hands on as they are, as file names have them.
   */
  private static String decoded(String path) {
    return new String(path.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  private static long least(Path directory, List<String> limits) {
    return limits.stream()
        .flatMap(name -> lines(directory.resolve(name)).stream())
        .filter(value -> value.matches("\\d{1,19}"))
        .mapToLong(value -> value.length() == 19 ? NO_LIMIT : Long.parseLong(value))
        .min()
        .orElse(NO_LIMIT);
  }

  private static long used(Path directory, List<String> uses) {
    return lines(directory.resolve("memory.stat")).stream()
        .map(line -> line.split(" ", -1))
        .filter(fields -> fields.length == 2 && uses.contains(fields[0]))
        .mapToLong(fields -> Long.parseLong(fields[1]))
        .sum();
  }

  private static List<String> lines(Path file) {
    try {
      return ProcFs.lines(file);
    } catch (IOException e) {
      return List.of(); // no such controller, or a group that is gone
    }
  }
}
