package io.zublk.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** What a reader must know of the machine to judge a figure. */
final class Machine {

  private Machine() {}

  static void describe(Report report) {
    report.fact("date", Instant.now().truncatedTo(ChronoUnit.SECONDS));
    report.fact("kernel", "Linux " + System.getProperty("os.version"));
    report.fact(
        "CPUs",
        Runtime.getRuntime().availableProcessors() + " x " + first("/proc/cpuinfo", "model name"));
    report.fact("memory", memory(first("/proc/meminfo", "MemTotal")));
    report.fact("java", System.getProperty("java.vm.name") + " " + Runtime.version());
  }

  /** The load average of the last minute: what else the machine was doing. */
  static String load() {
    try {
      return Files.readString(Path.of("/proc/loadavg")).split(" ", 2)[0];
    } catch (IOException e) {
      return "unknown";
    }
  }

  /** In GiB what the kernel says in KiB: {@code 24684096 kB}. */
  private static String memory(String total) {
    String kib = total.replace(" kB", "");
    return kib.matches("\\d+")
        ? String.format(Locale.ROOT, "%.1f GiB", Long.parseLong(kib) / 1048576.0)
        : total;
  }

  private static String first(String file, String field) {
    try {
      return Files.readAllLines(Path.of(file)).stream()
          .filter(line -> line.startsWith(field))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("unknown");
    } catch (IOException e) {
      return "unknown";
    }
  }
}
