package io.zublk.daemon.transport;

import io.zublk.block.BlockDevice;
import io.zublk.daemon.Json;
import io.zublk.daemon.NbdConfig;
import io.zublk.daemon.settings.PerformanceSettings;
import io.zublk.nbd.NbdAddress;
import io.zublk.nbd.NbdExport;
import io.zublk.nbd.NbdOptions;
import io.zublk.nbd.NbdServer;
import java.io.IOException;
import java.nio.file.Path;
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
      BlockDevice device, NbdConfig nbd, PerformanceSettings settings, Path socket)
      throws IOException {
    NbdOptions options = settings.applyTo(nbd.options());
    NbdAddress address =
        nbd.listen() == null ? new NbdAddress.Unix(socket) : NbdAddress.parse(nbd.listen());
    NbdExport export =
        new NbdExport(Objects.requireNonNullElse(nbd.exportName(), DEFAULT_EXPORT), device);
    return new NbdTransport(NbdServer.start(address, export, options), options);
  }

  /** Removes the socket that a dead process left where it was told to listen. */
  static void clearAfter(NbdConfig nbd) throws IOException {
    if (nbd.listen() != null && NbdAddress.parse(nbd.listen()) instanceof NbdAddress.Unix unix) {
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
    counters.putAll(Json.members("nbd_", server.counters()));
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
