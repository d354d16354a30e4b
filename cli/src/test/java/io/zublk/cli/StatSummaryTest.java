package io.zublk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StatSummaryTest {

  private final Map<String, Object> status = new LinkedHashMap<>();

  StatSummaryTest() {
    status.put("id", 3);
    status.put("path", "/dev/ublkb3");
    status.put("transport", "ublk");
    status.put("size", 4L << 30);
    status.put("algorithm", "lz4");
    status.put("algorithm_asked", "lz4");
    status.put("mountpoint", "");
    status.put("pid", 17);
    status.put("uptime_s", 59.9);
    status.put("mem_used_total", 8L << 20);
    status.put("rss_private", 60L << 20);
  }

  private List<String> lines() {
    return StatSummary.lines(status);
  }

  @Test
  void anEmptyDeviceHasLittleToSay() {
    assertThat(lines())
        .containsExactly(
            "Device 3",
            "  path                /dev/ublkb3",
            "  size                4G",
            "  algorithm           lz4",
            "  process             17, for 59 s",
            "Data",
            "  present             0B",
            "Memory",
            "  takes               8M",
            "  took at most        0B",
            "  process beside it   60M",
            "Requests",
            "  none yet",
            "No errors",
            "Settings",
            "  workers             none: who brings a write compresses it");
  }

  @Test
  void timesOfASampleAreSaid() {
    status.put("read_latency_samples", 7);
    status.put("read_latency_p50_ns", 1_740);
    status.put("read_latency_p90_ns", 12_340);
    status.put("read_latency_p99_ns", 123_400);
    status.put("read_latency_p999_ns", 1_234_000);
    status.put("read_latency_max_ns", 2_345_678_900L);
    assertThat(lines())
        .contains(
            "  a read takes        1.7 µs; 90 % 12.3 µs, 99 % 123 µs, 99.9 % 1.2 ms, all 2346 ms")
        .noneMatch(line -> line.contains("a write takes"));
  }

  @Test
  void partsAreSaidInPercent() {
    status.put("orig_data_size", 1L << 30);
    status.put("mem_used_total", 300L << 20);
    status.put("mem_limit", 1200L << 20);
    status.put("ratio", 3.413);
    assertThat(lines())
        .contains("  present             1G, 25 % of the device")
        .contains("  takes               300M, 25 % of the limit")
        .contains("  limit               1.2G")
        .contains("  data / memory       3.41 times");
  }

  @Test
  void whatWasAskedForIsSaidWhereItIsNotInEffect() {
    status.put("algorithm_asked", "auto");
    assertThat(lines()).contains("  algorithm           lz4, as auto was asked for");
  }

  @Test
  void swapIsNoMountPoint() {
    status.put("mountpoint", "[SWAP]");
    assertThat(lines())
        .contains("  in use as           swap")
        .noneMatch(line -> line.contains("mounted"));
    status.put("mountpoint", "/mnt");
    assertThat(lines())
        .contains("  mounted on          /mnt")
        .noneMatch(line -> line.contains("swap"));
  }

  @Test
  void requestsAreThoseOfItsTransport() {
    status.put("ublk_reads", 12);
    status.put("ublk_read_bytes", 6L << 20);
    status.put("ublk_discards", 2);
    assertThat(lines())
        .contains("  reads               12, 6M", "  discards            2")
        .noneMatch(line -> line.contains("none yet") || line.contains("writes"));
    status.put("transport", "nbd");
    status.put("nbd_trims", 7);
    assertThat(lines()).contains("  discards            7").noneMatch(line -> line.contains("6M"));
  }

  @Test
  void errorsStandOut() {
    status.put("failed_writes", 2);
    assertThat(lines()).contains("Errors", "  failed writes       2").doesNotContain("No errors");
  }

  @Test
  void agesAreRounded() {
    assertThat(process(60)).endsWith("for 1 min");
    assertThat(process(3 * 3600 + 65)).endsWith("for 3 h 1 min");
    assertThat(process(50 * 3600)).endsWith("for 2 days");
  }

  private String process(double seconds) {
    status.put("uptime_s", seconds);
    return lines().stream()
        .filter(line -> line.startsWith("  process  "))
        .findFirst()
        .orElseThrow();
  }
}
