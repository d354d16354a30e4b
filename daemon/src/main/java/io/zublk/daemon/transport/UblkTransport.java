package io.zublk.daemon.transport;

import io.zublk.daemon.machine.DiskUse;
import io.zublk.daemon.settings.PerformanceSettings;
import io.zublk.ublk.UblkCounter;
import io.zublk.ublk.UblkDeviceInfo;
import io.zublk.ublk.UblkServer;
import io.zublk.ublk.UblkStatistics;
import io.zublk.uring.sys.CpuList;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Serves a device as {@code /dev/ublkbN}. The device's id is the driver's. */
final class UblkTransport implements Transport {

  private final UblkServer server;
  private volatile PerformanceSettings settings;
  private final DiskUse disk;

  UblkTransport(UblkServer server, PerformanceSettings settings) {
    this.server = server;
    this.settings = settings;
    this.disk = new DiskUse(server.path().getFileName().toString());
  }

  @Override
  public String path() {
    return server.path().toString();
  }

  @Override
  public int streams() {
    return server.threads().size();
  }

  @Override
  public Map<String, Object> counters() {
    UblkDeviceInfo info = server.info();
    UblkStatistics statistics = server.statistics();
    Map<String, Object> counters = new LinkedHashMap<>();
    counters.put("queues", info.queues());
    counters.put("queue_depth", info.depth());
    counters.put("max_io_bytes", info.maxIoBytes());
    counters.putAll(settings.queueFields());
    counters.put("batch_io", server.batchIo());
    counters.put("queue_threads", threads());
    counters.put("buffer_bytes", server.bufferBytes());
    counters.put("ublk_requests", statistics.requests());
    for (UblkCounter counter : UblkCounter.values()) {
      counters.put("ublk_" + counter.name().toLowerCase(Locale.ROOT), statistics.get(counter));
    }
    return counters;
  }

  /** Each queue thread and its CPUs, such as {@code ublk0-q0:0-3}. */
  private String threads() {
    return server.threads().stream()
        .map(thread -> thread.name() + ":" + CpuList.format(thread.cpus()))
        .collect(Collectors.joining(" "));
  }

  @Override
  public void adopt(PerformanceSettings changed) {
    server.setPolling(changed.polling());
    settings = changed;
  }

  @Override
  public void moved(PerformanceSettings changed) throws IOException {
    server.setAffinity(changed.queueAffinity());
  }

  @Override
  public Optional<String> obstacleToResize() {
    try {
      return UblkServer.canResize()
          ? Optional.empty()
          : Optional.of("this kernel's ublk driver cannot change a disk's size; Linux 6.16's can");
    } catch (IOException e) {
      return Optional.of(e.getMessage());
    }
  }

  @Override
  public Optional<String> resized() throws IOException {
    server.resized();
    return Optional.empty();
  }

  @Override
  public Optional<String> use() {
    return disk.use();
  }

  @Override
  public String mountpoint() {
    return disk.mountpoint();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }

  @Override
  public void handOver() throws IOException {
    server.handOver();
  }
}
