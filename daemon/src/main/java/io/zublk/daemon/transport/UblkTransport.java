package io.zublk.daemon.transport;

import io.zublk.block.BlockDevice;
import io.zublk.block.FailureListener;
import io.zublk.daemon.machine.DiskUse;
import io.zublk.daemon.machine.UblkDriver;
import io.zublk.daemon.settings.PerformanceSettings;
import io.zublk.ublk.UblkCounter;
import io.zublk.ublk.UblkDeviceInfo;
import io.zublk.ublk.UblkDevices;
import io.zublk.ublk.UblkException;
import io.zublk.ublk.UblkOptions;
import io.zublk.ublk.UblkServer;
import io.zublk.ublk.UblkStatistics;
import io.zublk.uring.sys.CpuList;
import io.zublk.uring.sys.Errnos;
import java.io.IOException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;

/** Serves a device as {@code /dev/ublkbN}. The device's id is the driver's. */
final class UblkTransport implements Transport {

  private final UblkServer server;
  private final PerformanceSettings settings;
  private final DiskUse disk;

  private UblkTransport(UblkServer server, PerformanceSettings settings) {
    this.server = server;
    this.settings = settings;
    this.disk = new DiskUse(server.path().getFileName().toString());
  }

  /** Why there can be no ublk device here, with what to do about it; empty if there can. */
  static Optional<String> obstacle() {
    UblkDriver driver = UblkDriver.ofThisMachine();
    if (driver != UblkDriver.LOADED) {
      return Optional.of(
          driver == UblkDriver.NONE ? driver.what() : driver.what() + ": " + driver.todo());
    }
    try {
      UblkServer.check();
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(e.getMessage());
    }
  }

  /** The ids that the driver has given out, to whichever program. */
  static Set<Integer> takenIds() {
    try {
      return new HashSet<>(UblkDevices.ids());
    } catch (IOException e) {
      return Set.of(); // the driver itself says so when the device is added
    }
  }

  /** A mark for a new device, which no other program's device has but by a chance of 2^-63. */
  static long newCookie() {
    return ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
  }

  /**
   * Starts to serve.
   *
   * @param listener is told why, if the device ends though nobody closed this transport
   * @throws IdTakenException if another program has the id
   */
  static Transport start(
      BlockDevice device,
      int id,
      long cookie,
      PerformanceSettings settings,
      FailureListener listener)
      throws IOException {
    try {
      UblkServer server = UblkServer.start(device, settings.applyTo(options(id, cookie)), listener);
      return new UblkTransport(server, settings);
    } catch (UblkException e) {
      if (e.errno() == Errnos.EEXIST) {
        throw new IdTakenException(id, e);
      }
      throw e;
    }
  }

  private static UblkOptions options(int id, long cookie) {
    return UblkOptions.defaults().withId(id).withCookie(cookie);
  }

  /**
   * Deletes what the driver keeps of a dead process's device. Without its cookie a device is
   * somebody else's, who took the id over.
   */
  static void clearAfter(int id, long cookie) throws IOException {
    if (cookie == 0 || !takenIds().contains(id)) {
      return;
    }
    try {
      if (UblkDevices.info(id).cookie() == cookie) {
        UblkDevices.delete(id);
      }
    } catch (UblkException e) {
      if (e.errno() != Errnos.ENODEV) {
        throw e;
      }
    }
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
}
