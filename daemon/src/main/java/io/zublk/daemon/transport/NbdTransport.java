package io.zublk.daemon.transport;

import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.Json;
import io.zublk.daemon.machine.OtherProcesses;
import io.zublk.daemon.machine.ShortList;
import io.zublk.nbd.NbdAddress;
import io.zublk.nbd.NbdHandOver;
import io.zublk.nbd.NbdOptions;
import io.zublk.nbd.NbdPeer;
import io.zublk.nbd.NbdServer;
import io.zublk.uring.sys.LinuxSocket;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Serves a device to NBD clients. */
final class NbdTransport implements Transport {

  private final NbdServer server;
  private final NbdOptions options;

  NbdTransport(NbdServer server, NbdOptions options) {
    this.server = server;
    this.options = options;
  }

  @Override
  public String path() {
    return server.uri().toString();
  }

  /** With the port that the system chose. */
  @Override
  public DeviceConfig settled(DeviceConfig config) {
    return server.address() instanceof NbdAddress.Tcp tcp
        ? config.withNbd(config.nbd().withListen(tcp.toString()))
        : config;
  }

  @Override
  public int streams() {
    return options.workers();
  }

  @Override
  public Map<String, Object> counters() {
    Map<String, Object> counters = new LinkedHashMap<>();
    counters.put("nbd_listening", server.isListening());
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
    List<NbdPeer> clients = server.clients();
    if (clients.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        "in use by %d client%s: %s"
            .formatted(
                clients.size(),
                clients.size() == 1 ? "" : "s",
                ShortList.of(clients, NbdTransport::name)));
  }

  private static String name(NbdPeer client) {
    if (!client.address().isEmpty()) {
      return client.address();
    }
    return client.process() == 0 ? "one that is not known" : OtherProcesses.name(client.process());
  }

  /** The protocol tells a client the size once, when it connects. */
  @Override
  public Optional<String> resized() {
    return use().map(_ -> "clients that are connected see the old size until they connect again");
  }

  @Override
  public void close() throws IOException {
    server.close();
  }

  /** The socket and all clients; they wait from now on. */
  @Override
  public Offer offer(Duration patience) throws IOException {
    NbdHandOver all = server.handOver(patience);
    return new Offer() {
      @Override
      public void send(LinuxSocket to) throws IOException {
        all.send(to);
      }

      @Override
      public void takeBack() {
        server.goOn();
      }
    };
  }

  /** Clients that nobody was offered connect again, those that can. */
  @Override
  public void handOver() throws IOException {
    close();
  }
}
