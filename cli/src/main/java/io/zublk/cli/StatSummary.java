package io.zublk.cli;

import static io.zublk.block.Geometry.PAGE_BYTES;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A device's statistics as people read them: in groups, with units, and only what applies. */
final class StatSummary {

  private final Map<String, Object> status;
  private final List<String> lines = new ArrayList<>();

  private StatSummary(Map<String, Object> status) {
    this.status = status;
  }

  /** The lines for what a device tells of itself. */
  static List<String> lines(Map<String, Object> status) {
    StatSummary summary = new StatSummary(status);
    summary.device();
    summary.data();
    summary.memory();
    summary.requests();
    summary.errors();
    summary.settings();
    return summary.lines;
  }

  private void device() {
    heading("Device " + text("id"));
    line("path", text("path"));
    line("size", bytes("size"));
    line("algorithm", algorithm());
    line("vectors", text("line_coder").equals("training") ? "not yet: they are compiled" : "");
    line("mounted on", text("mountpoint").equals("[SWAP]") ? "" : text("mountpoint"));
    line("in use as", text("mountpoint").equals("[SWAP]") ? "swap" : "");
    line("clients", isZero("nbd_connections") ? "" : text("nbd_connections"));
    line("client", text("vhost_client"));
    line("process", "%s, for %s".formatted(text("pid"), duration(number("uptime_s"))));
  }

  private String algorithm() {
    String asked = text("algorithm_asked");
    String settled = text("algorithm");
    return asked.isEmpty() || asked.equals(settled)
        ? settled
        : "%s, as %s was asked for".formatted(settled, asked);
  }

  private void data() {
    heading("Data");
    line("present", bytes("orig_data_size") + ofSize("orig_data_size", "size", "of the device"));
    line("compressed to", isZero("compr_data_size") ? "" : bytes("compr_data_size"));
    line("one word only", pages("same_pages"));
    line("do not shrink", pages("huge_pages"));
    line("not compressed yet", pages("staged_pages"));
    line("in larger slots", pages("padded_pages"));
  }

  private void memory() {
    heading("Memory");
    line("takes", bytes("mem_used_total") + ofSize("mem_used_total", "mem_limit", "of the limit"));
    line("took at most", bytes("mem_used_max"));
    line("limit", isZero("mem_limit") ? "" : bytes("mem_limit"));
    line("data / memory", isZero("orig_data_size") ? "" : decimal("ratio") + " times");
    line("compaction gained", pages("pages_compacted"));
    line("ready for swap", status.containsKey("reserve_bytes") ? reserve() : "");
    line("process beside it", bytes("rss_private"));
  }

  private String reserve() {
    String missed =
        isZero("reserve_failures")
            ? ""
            : "; %s writes found none".formatted(text("reserve_failures"));
    return bytes("reserve_bytes") + ofSize("reserve_bytes", "reserve_bytes_max", "") + missed;
  }

  private void requests() {
    heading("Requests");
    int before = lines.size();
    String prefix = text("transport") + "_";
    line("reads", transfers(prefix + "reads", prefix + "read_bytes"));
    line("writes", transfers(prefix + "writes", prefix + "written_bytes"));
    line("flushes", count(prefix + "flushes"));
    line("discards", count(prefix + (status.containsKey("nbd_trims") ? "trims" : "discards")));
    line("write zeroes", count(prefix + "write_zeroes"));
    line("a read takes", latency("read"));
    line("a write takes", latency("write"));
    line("a discard takes", latency("discard"));
    if (lines.size() == before) {
      line("none yet", " ");
    }
  }

  /** Of a sample of the requests, what the store took. */
  private String latency(String kind) {
    String prefix = kind + "_latency_";
    return isZero(prefix + "samples")
        ? ""
        : "%s; 90 %% %s, 99 %% %s, 99.9 %% %s, all %s"
            .formatted(
                time(prefix + "p50_ns"),
                time(prefix + "p90_ns"),
                time(prefix + "p99_ns"),
                time(prefix + "p999_ns"),
                time(prefix + "max_ns"));
  }

  private String time(String field) {
    double micros = number(field) / 1000;
    return micros < 1000
        ? String.format(Locale.ROOT, micros < 100 ? "%.1f µs" : "%.0f µs", micros)
        : String.format(Locale.ROOT, micros < 100_000 ? "%.1f ms" : "%.0f ms", micros / 1000);
  }

  private void errors() {
    int before = lines.size();
    heading("Errors");
    line("failed reads", count("failed_reads"));
    line("failed writes", count("failed_writes"));
    line("invalid requests", count("invalid_io"));
    line("damaged pages", count("checksum_errors"));
    line("clients refused", count("nbd_connections_refused"));
    line("broken rings", count("vhost_broken_rings"));
    line("bad handshakes", count("nbd_handshakes_failed"));
    if (lines.size() == before + 1) {
      lines.set(before, "No errors");
    }
  }

  private void settings() {
    heading("Settings");
    line("preset", text("preset").equals("default") ? "" : text("preset"));
    line("workers", workers());
    line("queues", queues());
    line("threads", text("vhost_threads"));
    line("polling", text("polling").equals("true") ? polling() : "");
    line("NUMA node", text("numa_node").equals("-1") ? "" : text("numa_node"));
    line("CPUs", text("cpu_affinity"));
  }

  private String workers() {
    return isZero("workers")
        ? "none: who brings a write compresses it"
        : "%s, for batches of %s pages or %s µs; %s may wait"
            .formatted(
                text("workers"),
                text("batch_pages"),
                text("batch_timeout_us"),
                bytes("staging_bytes_max"));
  }

  private String queues() {
    return status.containsKey("queues")
        ? "%s of %s requests, %s threads each"
            .formatted(text("queues"), text("queue_depth"), text("threads_per_queue"))
        : "";
  }

  private String polling() {
    return "%s looks%s"
        .formatted(
            text("poll_spin_cycles"), text("poll_adaptive").equals("true") ? " at most" : "");
  }

  private void heading(String text) {
    lines.add(text);
  }

  /** Nothing, where there is nothing to say. */
  private void line(String name, String value) {
    if (!value.isEmpty()) {
      lines.add("  %-20s%s".formatted(name, value).stripTrailing());
    }
  }

  private String text(String field) {
    Object value = status.get(field);
    return value == null ? "" : value.toString();
  }

  private double number(String field) {
    return status.get(field) instanceof Number number ? number.doubleValue() : 0;
  }

  private boolean isZero(String field) {
    return number(field) == 0;
  }

  private String bytes(String field) {
    return Bytes.human((long) number(field));
  }

  private String decimal(String field) {
    return String.format(Locale.ROOT, "%.2f", number(field));
  }

  private String count(String field) {
    return isZero(field) ? "" : text(field);
  }

  private String pages(String field) {
    return isZero(field) ? "" : Bytes.human((long) (number(field) * PAGE_BYTES));
  }

  private String transfers(String count, String bytes) {
    return isZero(count) ? "" : "%s, %s".formatted(text(count), bytes(bytes));
  }

  /** The part that a number of bytes is of another one, where there is one. */
  private String ofSize(String part, String whole, String what) {
    return isZero(whole) || isZero(part)
        ? ""
        : String.format(Locale.ROOT, ", %.0f %% %s", 100 * number(part) / number(whole), what);
  }

  private static String duration(double seconds) {
    long minutes = ((long) seconds) / 60;
    if (minutes == 0) {
      return "%d s".formatted((long) seconds);
    }
    long hours = minutes / 60;
    return hours == 0
        ? "%d min".formatted(minutes)
        : hours < 48
            ? "%d h %d min".formatted(hours, minutes % 60)
            : "%d days".formatted(hours / 24);
  }
}
