package io.zublk.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** What a reader must know of the machine to judge a figure. */
final class MachineFacts {

  private MachineFacts() {}

  static void describe(Report report) {
    report.fact("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    report.fact("kernel", System.getProperty("os.version"));
    int cpus = Runtime.getRuntime().availableProcessors();
    String model = first("/proc/cpuinfo", "model name");
    report.fact("cpus", cpus, cpus + " x " + model);
    report.fact("cpu_model", model, "");
    long memory = memoryBytes(first("/proc/meminfo", "MemTotal"));
    report.fact(
        "memory_bytes", memory, String.format(Locale.ROOT, "%.1f GiB", memory / 1073741824.0));
    report.fact("java", System.getProperty("java.vm.name") + " " + Runtime.version());
  }

  /** The load average of the last minute: what else the machine was doing. */
  static double load() {
    try {
      return Double.parseDouble(Files.readString(Path.of("/proc/loadavg")).split(" ", 2)[0]);
    } catch (IOException e) {
      return Double.NaN;
    }
  }

  /** States the load before a benchmark and now. */
  static void describeLoad(Report report, double before) {
    double after = load();
    report.fact("load_before", before, before + ", after it " + after);
    report.fact("load_after", after, "");
  }

  /** What the kernel says in KiB: {@code 24684096 kB}. */
  private static long memoryBytes(String total) {
    String kib = total.replace(" kB", "");
    return kib.matches("\\d+") ? Long.parseLong(kib) * 1024 : 0;
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
