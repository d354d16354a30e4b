package io.zublk.daemon;

import io.zublk.store.PageStore;
import java.util.LinkedHashMap;
import java.util.Map;

/** Everything {@code stat} tells about a device, by name, in the order it is shown. */
final class DeviceStatus {

  private DeviceStatus() {}

  /**
   * Collects the status of a running device.
   *
   * @param storeMemory what holds the store file ({@link StoreHome})
   */
  static Map<String, Object> of(
      DeviceRecord record,
      PerformanceSettings settings,
      PageStore store,
      Transport transport,
      String storeMemory,
      double uptimeSeconds) {
    Map<String, Object> status = new LinkedHashMap<>();
    status.put("id", record.id());
    status.put("path", record.path());
    status.put("transport", record.config().transport().word());
    status.put("algorithm", store.options().codec().toString());
    status.put("size", store.geometry().sizeBytes());
    status.put("pid", record.pid());
    status.put("streams", transport.streams());
    status.put("mountpoint", transport.mountpoint());
    status.put("uptime_s", Math.round(uptimeSeconds * 1000) / 1000.0);
    addStore(status, store, storeMemory);
    status.put("invalid_io", number(status, "invalid_io") + transport.invalidIo());
    status.put("rss", ProcFs.rssBytes());
    status.put("rss_private", ProcFs.privateRssBytes());
    status.putAll(settings.storeFields());
    status.putAll(transport.counters());
    return status;
  }

  private static void addStore(Map<String, Object> status, PageStore store, String storeMemory) {
    Map<String, Object> stats = Fields.of("", store.stats());
    status.putAll(stats);
    // Features of zram that zublk does not have yet have never done anything.
    status.putIfAbsent("bd_count", 0L);
    status.putIfAbsent("bd_reads", 0L);
    status.putIfAbsent("bd_writes", 0L);
    status.put("io_errors", number(stats, "failed_reads") + number(stats, "failed_writes"));
    status.put("compr_ratio", ratio(stats, "compr_data_size"));
    status.put("ratio", ratio(stats, "mem_used_total"));
    status.put("store_memory", storeMemory);
  }

  /** Bytes stored for each byte of {@code divisor}, to two places; 0 while nothing is stored. */
  private static double ratio(Map<String, Object> stats, String divisor) {
    long stored = number(stats, "orig_data_size");
    long cost = number(stats, divisor);
    return cost == 0 ? 0 : Math.round(100.0 * stored / cost) / 100.0;
  }

  private static long number(Map<String, Object> stats, String name) {
    return ((Number) stats.get(name)).longValue();
  }
}
