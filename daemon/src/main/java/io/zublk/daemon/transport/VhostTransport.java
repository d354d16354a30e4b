package io.zublk.daemon.transport;

import io.zublk.daemon.machine.OtherProcesses;
import io.zublk.daemon.settings.PerformanceSettings;
import io.zublk.vhost.VhostClient;
import io.zublk.vhost.VhostCounter;
import io.zublk.vhost.VhostServer;
import io.zublk.vhost.VhostStatistics;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Serves a device to one client of vhost-user at a time, such as a virtual machine. */
final class VhostTransport implements Transport {

  private final VhostServer server;
  private volatile PerformanceSettings settings;

  VhostTransport(VhostServer server, PerformanceSettings settings) {
    this.server = server;
    this.settings = settings;
  }

  /** As clients are told it; they have no URI for that. */
  @Override
  public String path() {
    return server.path().toString();
  }

  @Override
  public int streams() {
    return settings.vhostThreads();
  }

  @Override
  public Map<String, Object> counters() {
    VhostStatistics statistics = server.statistics();
    Map<String, Object> counters = new LinkedHashMap<>();
    counters.put("vhost_listening", server.isListening());
    counters.put("vhost_client", server.client().map(VhostTransport::name).orElse("none"));
    counters.put("vhost_threads", settings.vhostThreads());
    counters.putAll(settings.pollingFields());
    counters.put("vhost_requests", statistics.requests());
    for (VhostCounter counter : VhostCounter.values()) {
      counters.put("vhost_" + counter.name().toLowerCase(Locale.ROOT), statistics.get(counter));
    }
    return counters;
  }

  private static String name(VhostClient client) {
    return client.process() == 0
        ? "a process of another namespace"
        : OtherProcesses.name(client.process());
  }

  @Override
  public Optional<String> use() {
    return server.client().map(client -> "in use by " + name(client));
  }

  @Override
  public Optional<String> resized() {
    return server.resized()
        ? Optional.empty()
        : Optional.of("the client that is connected sees the old size until it connects again");
  }

  @Override
  public void adopt(PerformanceSettings changed) {
    server.setPolling(changed.polling());
    settings = changed;
  }

  @Override
  public void close() throws IOException {
    server.close();
  }

  /**
   * Nothing travels: the client finds its connection ended and comes again, to the next process. In
   * its own memory it has noted what is in flight.
   *
   * @throws IOException if there is one that has not: it would wait for ever
   */
  @Override
  public Offer offer(Duration patience) throws IOException {
    Optional<VhostClient> lost = server.client().filter(client -> !client.keepsInflight());
    if (lost.isPresent()) {
      throw new IOException(
          ("%s is connected, which does not connect again (it has not asked for INFLIGHT_SHMFD) and"
                  + " would wait for ever; end it first")
              .formatted(name(lost.get())));
    }
    return Offer.NOTHING;
  }

  @Override
  public void handOver() throws IOException {
    close();
  }
}
