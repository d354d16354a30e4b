package io.zublk.daemon;

import io.zublk.block.BlockDevice;
import io.zublk.nbd.NbdAddress;
import io.zublk.nbd.NbdExport;
import io.zublk.nbd.NbdOptions;
import io.zublk.nbd.NbdServer;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Serves a device to NBD clients. */
final class NbdTransport implements Transport {

  /** What clients get that name no export; they get it whatever else it is called. */
  private static final String DEFAULT_EXPORT = "";

  private final NbdServer server;
  private final NbdOptions options;

  private NbdTransport(NbdServer server, NbdOptions options) {
    this.server = server;
    this.options = options;
  }

  static NbdTransport start(
      BlockDevice device, DeviceConfig config, PerformanceSettings settings, DeviceDir dir)
      throws IOException {
    NbdConfig nbd = config.nbd();
    NbdOptions options = settings.applyTo(nbd.options());
    NbdAddress address =
        nbd.listen() == null
            ? new NbdAddress.Unix(dir.nbdSocket())
            : NbdAddress.parse(nbd.listen());
    NbdExport export =
        new NbdExport(Objects.requireNonNullElse(nbd.exportName(), DEFAULT_EXPORT), device);
    return new NbdTransport(NbdServer.start(address, export, options), options);
  }

  /** Removes the socket that a dead process left where it was told to listen. */
  static void clearAfter(DeviceConfig config) throws IOException {
    if (config.nbd().listen() != null
        && NbdAddress.parse(config.nbd().listen()) instanceof NbdAddress.Unix unix) {
      NbdServer.removeDeadSocket(unix);
    }
  }

  @Override
  public String path() {
    return server.uri().toString();
  }

  @Override
  public int streams() {
    return options.workers();
  }

  @Override
  public Map<String, Object> counters() {
    Map<String, Object> counters = new LinkedHashMap<>();
    counters.put("nbd_workers", options.workers());
    counters.put("nbd_max_clients", options.maxConnections());
    counters.put("polling", false);
    counters.putAll(Fields.of("nbd_", server.counters()));
    return counters;
  }

  @Override
  public long invalidIo() {
    return server.counters().invalid();
  }

  @Override
  public Optional<String> use() {
    long clients = server.counters().connections();
    return clients == 0
        ? Optional.empty()
        : Optional.of("in use by " + clients + (clients == 1 ? " client" : " clients"));
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
