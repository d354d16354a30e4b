package io.zublk.cli;

import io.zublk.block.Geometry;
import io.zublk.daemon.DeviceChange;
import io.zublk.daemon.PerformanceConfig;
import io.zublk.daemon.SizeExpression;
import io.zublk.daemon.UserException;
import io.zublk.uring.sys.CpuList;
import java.util.List;
import java.util.Map;

/** The change of a device that {@code KEY=VALUE} words mean. */
final class SettingWords {

  private static final String AT_START = "it is laid out when the device's process starts";

  /** What cannot change, and why. */
  private static final Map<String, String> FIXED =
      Map.ofEntries(
          Map.entry("threads", AT_START),
          Map.entry("batch-pages", AT_START),
          Map.entry("numa-node", AT_START),
          Map.entry("queues", "the kernel's device has the queues that it was made with"),
          Map.entry("queue-depth", "the kernel's device has the depth that it was made with"),
          Map.entry("threads-per-queue", "each tag of the kernel's device belongs to a thread"),
          Map.entry("batch-io", "the kernel's device was made with or without it"),
          Map.entry("algorithm", "the store's file says what its pages are packed with"),
          Map.entry("size", "'zublk resize' changes it"),
          Map.entry("id", "users of the device call it by that"),
          Map.entry("transport", "users of the device are connected by it"));

  private Long memLimit;
  private boolean forgetMost;
  private Boolean polling;
  private Integer pollSpinCycles;
  private Boolean pollAdaptive;
  private Integer batchTimeoutMicros;
  private Integer workers;
  private Integer stagingPages;
  private String cpuAffinity;

  private SettingWords() {}

  /**
   * Reads words such as {@code mem-limit=2G}; a later one wins.
   *
   * @throws UserException or IllegalArgumentException for what is no setting, cannot change, or has
   *     no such value
   */
  static DeviceChange parse(List<String> words) {
    SettingWords settings = new SettingWords();
    words.forEach(settings::take);
    return settings.change();
  }

  private void take(String word) {
    int equals = word.indexOf('=');
    if (equals <= 0) {
      throw new UserException("'%s' is no KEY=VALUE, such as mem-limit=2G".formatted(word));
    }
    String key = word.substring(0, equals);
    String value = word.substring(equals + 1);
    switch (key) {
      case "mem-limit" -> memLimit = SizeExpression.parse(value);
      case "mem-used-max" -> forgetMost = isZero(key, value);
      case "polling" -> polling = isTrue(key, value);
      case "poll-spin-cycles" -> pollSpinCycles = number(key, value);
      case "poll-adaptive" -> pollAdaptive = isTrue(key, value);
      case "batch-timeout-us" -> batchTimeoutMicros = number(key, value);
      case "workers" -> workers = number(key, value);
      case "staging" -> stagingPages = pages(value);
      case "cpu-affinity" -> cpuAffinity = cpus(key, value);
      default -> throw refusal(key);
    }
  }

  private static UserException refusal(String key) {
    String reason = FIXED.get(key);
    return new UserException(
        reason == null
            ? "no setting '%s'; there are mem-limit, mem-used-max, workers, staging,".formatted(key)
                + " cpu-affinity, batch-timeout-us, polling, poll-spin-cycles and poll-adaptive"
            : "%s cannot change while the device serves: %s".formatted(key, reason));
  }

  private static boolean isZero(String key, String value) {
    if (!value.equals("0")) {
      throw new UserException("%s=%s: only 0, from which it is counted anew".formatted(key, value));
    }
    return true;
  }

  private static boolean isTrue(String key, String value) {
    return switch (value) {
      case "true", "on", "yes", "1" -> true;
      case "false", "off", "no", "0" -> false;
      default -> throw new UserException("%s=%s: must be on or off".formatted(key, value));
    };
  }

  /** As for create: a size, 0 for none. */
  private static int pages(String value) {
    return (int) Math.min(SizeExpression.parse(value) / Geometry.PAGE_BYTES, Integer.MAX_VALUE);
  }

  /** As for create, which has all if nobody says. */
  private static String cpus(String key, String value) {
    if (!value.equals(PerformanceConfig.ALL_CPUS) && CpuList.parse(value).isEmpty()) {
      throw new UserException(
          "%s: the list is empty; '%s' are all".formatted(key, PerformanceConfig.ALL_CPUS));
    }
    return value;
  }

  private static int number(String key, String value) {
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new UserException("%s=%s: must be a whole number".formatted(key, value), e);
    }
  }

  private DeviceChange change() {
    return new DeviceChange(
        memLimit,
        forgetMost,
        polling,
        pollSpinCycles,
        pollAdaptive,
        batchTimeoutMicros,
        workers,
        stagingPages,
        cpuAffinity);
  }
}
