package io.zublk.daemon.command;

import io.zublk.block.SampledDevice;
import io.zublk.codec.LineVectors;
import io.zublk.daemon.Json;
import io.zublk.daemon.control.ControlServer;
import io.zublk.daemon.machine.ProcFs;
import io.zublk.daemon.machine.ProcessId;
import io.zublk.daemon.machine.SwapProtections;
import io.zublk.daemon.registry.DeviceRecord;
import io.zublk.daemon.transport.Transport;
import io.zublk.store.PageStore;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Tells everything about a device, by name, in the order it is shown. */
public final class Stat implements Command {

  /** The command's name. */
  public static final String NAME = "stat";

  /** Of a device that packs lines: {@link LineVectors#state}. */
  public static final String LINE_CODER = "line_coder";

  /** Who has the device recovered when its process dies: a process, "none", or {@link #LOST}. */
  public static final String KEEPER = "keeper";

  /** Who waits for its process's death: a process, "none", or {@link #ABSENT}. */
  public static final String STANDBY = "standby";

  /** A standby that is to be there and is not, or is not ready yet. */
  public static final String ABSENT = "absent";

  /** A keeper that died before its device. */
  public static final String LOST = "lost";

  private final ServedDevice device;

  Stat(ServedDevice device) {
    this.device = device;
  }

  @Override
  public ControlServer.Reply carryOut(Map<String, Object> request) {
    return ControlServer.Reply.of(status());
  }

  private Map<String, Object> status() {
    DeviceRecord record = device.record();
    PageStore store = device.store();
    Transport transport = device.transport();
    Map<String, Object> status = new LinkedHashMap<>();
    status.put("id", record.id());
    status.put("path", transport.path());
    status.put("transport", record.config().transport().word());
    status.put("algorithm", store.options().packing().toString());
    status.put("algorithm_asked", device.asked().algorithm());
    if (store.options().packing().lineFirst()) {
      status.put(LINE_CODER, LineVectors.state());
    }
    status.put("size", store.geometry().sizeBytes());
    status.put("pid", record.pid());
    status.put("on_crash", record.keeper() == null ? "keep" : "recover");
    status.put(KEEPER, keeper(record));
    status.put(STANDBY, standby(record));
    status.put("recoveries", record.recoveries());
    status.put("streams", transport.streams());
    status.put("mountpoint", transport.mountpoint());
    status.put("uptime_s", uptimeSeconds());
    addStore(status);
    status.put("invalid_io", number(status, "invalid_io") + transport.invalidIo());
    status.put("rss", ProcFs.rssBytes());
    status.put("rss_private", ProcFs.privateRssBytes());
    status.putAll(device.settings().storeFields());
    status.putAll(transport.counters());
    addLatencies(status);
    return status;
  }

  private void addLatencies(Map<String, Object> status) {
    for (SampledDevice.Kind kind : SampledDevice.Kind.values()) {
      String prefix = kind.name().toLowerCase(Locale.ROOT) + "_latency_";
      status.putAll(Json.members(prefix, device.sampled().latency(kind)));
    }
  }

  private static Object keeper(DeviceRecord record) {
    if (record.hasLostItsKeeper()) {
      return LOST;
    }
    return record.isKept() ? record.keeper().pid() : "none";
  }

  private Object standby(DeviceRecord record) {
    if (!record.config().standby()) {
      return "none";
    }
    return device.standby().<Object>map(ProcessId::pid).orElse(ABSENT);
  }

  private double uptimeSeconds() {
    double seconds = (System.nanoTime() - device.startNanos()) / 1e9;
    return Math.round(seconds * 1000) / 1000.0;
  }

  private void addStore(Map<String, Object> status) {
    Map<String, Object> stats = Json.members("", device.store().stats());
    status.putAll(stats);
    // Features of zram that zublk does not have yet have never done anything.
    status.putIfAbsent("bd_count", 0L);
    status.putIfAbsent("bd_reads", 0L);
    status.putIfAbsent("bd_writes", 0L);
    status.put("io_errors", number(stats, "failed_reads") + number(stats, "failed_writes"));
    status.put("compr_ratio", ratio(stats, "compr_data_size"));
    status.put("ratio", ratio(stats, "mem_used_total"));
    status.put("store_memory", device.storeMemory());
    if (device.record().config().swap()) {
      status.putAll(Json.members("", device.store().reserve()));
      status.putAll(SwapProtections.fields());
    }
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
