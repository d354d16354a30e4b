package io.zublk.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class VhostConfigTest {

  private static final VhostConfig ALL = new VhostConfig("unix:/run/s", "0660", "kvm");

  private static DeviceConfig device(
      TransportKind transport, NbdConfig nbd, PerformanceConfig performance) {
    return new DeviceConfig("/run/z", 0, 4096, "lz4", 0, transport, nbd, performance, null);
  }

  private static PerformanceConfig asked(Map<String, Object> settings) {
    return Samples.performance(settings);
  }

  @Test
  void travelsAsJson() throws IOException {
    for (VhostConfig config : List.of(ALL, VhostConfig.DEFAULT)) {
      assertThat(Json.record(VhostConfig.class, Json.line(config))).isEqualTo(config);
    }
    DeviceConfig device = device(TransportKind.VHOST, null, null).withVhost(ALL);
    assertThat(Json.record(DeviceConfig.class, Json.line(device))).isEqualTo(device);
  }

  @Test
  void aPathBecomesAbsolute() {
    assertThat(new VhostConfig("unix:a", null, null).listen())
        .isEqualTo("unix:" + Path.of("a").toAbsolutePath());
  }

  @Test
  void refusesWhatCannotBeServed() {
    assertRefused("shares its memory", () -> new VhostConfig("tcp:a:1", null, null));
    assertRefused("neither unix:PATH", () -> new VhostConfig("nowhere", null, null));
    assertRefused("mode '88'", () -> new VhostConfig(null, "88", null));
  }

  @Test
  void optionsOfOtherTransportsAreRefusedByName() {
    NbdConfig nbd = new NbdConfig(null, null, null, "disk", 5);
    assertRefused(
        "--export-name, --max-clients: about an NBD server",
        () -> device(TransportKind.VHOST, nbd, null));
    assertRefused(
        "--queues, --queue-depth: about ublk's",
        () -> device(TransportKind.VHOST, null, asked(Map.of("queues", 2, "queueDepth", 9))));
    for (TransportKind other : List.of(TransportKind.AUTO, TransportKind.UBLK, TransportKind.NBD)) {
      assertRefused(
          "--threads: about a vhost-user server",
          () -> device(other, null, asked(Map.of("threads", 2))));
    }
    assertThat(device(TransportKind.VHOST, null, asked(Map.of("threads", 2, "polling", true))))
        .isNotNull();
  }

  @Test
  void nobodySwapsOverVhostUserToTheSameMachine() {
    assertRefused(
        "swaps over vhost-user",
        () -> device(TransportKind.VHOST, null, null).with(c -> c.swap(true)));
  }

  private static void assertRefused(String reason, ThrowingCallable attempt) {
    assertThatThrownBy(attempt)
        .satisfies(thrown ->
            assertThat(UserException.lineFor(thrown)).contains(reason).doesNotContain("\n"));
  }
}
