package io.zublk.daemon.launch;

import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.UserException;
import io.zublk.daemon.machine.MemoryCgroup;
import io.zublk.daemon.machine.ProcFs;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What of this machine's memory a new device can have. Settles the limit that nobody gave, and says
 * what the user should know about one that was given.
 */
public final class MemoryRoom {

  /** Pages of the usual data take a third to a quarter; nobody should count on more than this. */
  private static final int SURPRISING_RATIO = 8;

  /** A device that holds noise takes its size, its page table, and what the slabs leave over. */
  private static final int MOST_PER_BYTE = 2;

  private final long machineBytes;
  private final Optional<MemoryCgroup> group;
  private final long processBytes;
  private final long ownBytes;

  /**
   * Looks from a process that ends when the device serves.
   *
   * @param processBytes the most that the device's process takes beside its data
   * @param ownBytes what this process takes
   */
  MemoryRoom(long machineBytes, Optional<MemoryCgroup> group, long processBytes, long ownBytes) {
    this.machineBytes = machineBytes;
    this.group = group;
    this.processBytes = processBytes;
    this.ownBytes = ownBytes;
  }

  /** This machine, as a command sees it. */
  public static MemoryRoom forDevice(DeviceConfig device) {
    return new MemoryRoom(
        ProcFs.totalMemoryBytes(),
        MemoryCgroup.tightest(),
        DaemonJvm.mostBytes(device),
        ProcFs.anonymousBytes());
  }

  /** The memory that programs here may take: the machine's, or what a group of processes has. */
  public static long totalBytes() {
    long group = MemoryCgroup.tightest().map(MemoryCgroup::limitBytes).orElse(Long.MAX_VALUE);
    return Math.min(ProcFs.totalMemoryBytes(), group);
  }

  /** What is left for a device's data in the group. */
  private long roomIn(MemoryCgroup limited) {
    return limited.freeBytes() + ownBytes - processBytes;
  }

  /**
   * The configuration with a memory limit, if it needs one that nobody gave.
   *
   * @throws UserException if there is room for no data at all
   */
  public DeviceConfig settle(DeviceConfig config, Consumer<String> notices) {
    if (group.isEmpty() || roomIn(group.get()) >= MOST_PER_BYTE * config.sizeBytes()) {
      noticeSize(config, notices);
      return config;
    }
    long room = roomIn(group.get());
    if (config.memLimitBytes() > 0) {
      if (config.memLimitBytes() > room) {
        notices.accept(
            "--mem-limit %s is more than there is: %s"
                .formatted(text(config.memLimitBytes()), describe(group.get())));
      }
      return config;
    }
    DeviceConfig limited = limited(config, room);
    notices.accept("--mem-limit %s, because %s".formatted(text(room), describe(group.get())));
    return limited;
  }

  private DeviceConfig limited(DeviceConfig config, long room) {
    try {
      return config.withMemLimitBytes(Math.max(room, 1));
    } catch (IllegalArgumentException e) {
      throw new UserException(
          "no memory for a device: %s; raise that, or insist by --mem-limit"
              .formatted(describe(group.get())),
          e);
    }
  }

  private String describe(MemoryCgroup limited) {
    return "the memory cgroup %s is limited to %s, %s of it used, and the process may need %s"
        .formatted(
            limited.directory(),
            text(limited.limitBytes()),
            text(Math.max(0, limited.usedBytes() - ownBytes)),
            text(processBytes));
  }

  private void noticeSize(DeviceConfig config, Consumer<String> notices) {
    if (config.memLimitBytes() == 0 && config.sizeBytes() / SURPRISING_RATIO > machineBytes) {
      notices.accept(
          "%s is %d times this machine's memory (%s): writes get ENOSPC when what they store is full"
              .formatted(
                  text(config.sizeBytes()), config.sizeBytes() / machineBytes, text(machineBytes)));
    }
  }

  /** A size for people. */
  public static String text(long bytes) {
    return bytes >= 1L << 30
        ? String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30))
        : (bytes >> 20) + " MiB";
  }
}
