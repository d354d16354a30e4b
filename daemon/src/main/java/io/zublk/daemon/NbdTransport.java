package io.zublk.daemon;

import io.zublk.block.BlockDevice;
import io.zublk.nbd.NbdAddress;
import io.zublk.nbd.NbdExport;
import io.zublk.nbd.NbdOptions;
import io.zublk.nbd.NbdServer;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Serves a device to NBD clients, as the default export. */
final class NbdTransport implements Transport {

  /** What clients get that name no export. */
  private static final String DEFAULT_EXPORT = "";

  private static final NbdOptions OPTIONS = NbdOptions.defaults();

  private final NbdServer server;
  private final NbdOptions options;

  private NbdTransport(NbdServer server, NbdOptions options) {
    this.server = server;
    this.options = options;
  }

  static NbdTransport start(
      BlockDevice device, DeviceConfig config, PerformanceSettings settings, DeviceDir dir)
      throws IOException {
    NbdOptions options = settings.applyTo(OPTIONS);
    NbdAddress address =
        config.listen() == null
            ? new NbdAddress.Unix(dir.nbdSocket())
            : NbdAddress.parse(config.listen());
    return new NbdTransport(
        NbdServer.start(address, new NbdExport(DEFAULT_EXPORT, device), options), options);
  }

  /** The direct memory that serving may take, in bytes. */
  static long maxDirectMemoryBytes() {
    return OPTIONS.maxDirectMemoryBytes();
  }

  /** Removes the socket that a dead process left where it was told to listen. */
  static void clearAfter(DeviceConfig config) throws IOException {
    if (config.listen() != null
        && NbdAddress.parse(config.listen()) instanceof NbdAddress.Unix unix
        && isDead(unix)) {
      Files.deleteIfExists(unix.path());
    }
  }

  /** Whether nobody listens at an address; another server may have taken it over since. */
  private static boolean isDead(NbdAddress.Unix address) {
    try (SocketChannel client = SocketChannel.open(address.socketAddress())) {
      return !client.isConnected();
    } catch (ConnectException e) {
      return true;
    } catch (IOException e) {
      return false; // not a socket, or not ours to judge
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
    counters.put("polling", false);
    counters.putAll(Fields.of("nbd_", server.counters()));
    return counters;
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
