package io.zublk.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.codec.AutoPacking;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DeviceConfigTest {

  @Test
  void warnsOfAServerThatOtherMachinesReach() {
    for (String open : new String[] {"tcp:0.0.0.0:0", "tcp:[::]:10809", "tcp:192.0.2.1:10809"}) {
      assertThat(NbdConfig.listeningAt(open).warning())
          .hasValueSatisfying(line -> assertThat(line).contains(open, "no TLS"));
    }
    for (String own : new String[] {null, "unix:/run/x", "tcp:127.0.0.1:0", "tcp:[::1]:0"}) {
      assertThat(NbdConfig.listeningAt(own).warning()).isEmpty();
    }
  }

  private static DeviceConfig config(
      int id, long size, String algorithm, TransportKind transport, String listen, int queues) {
    PerformanceConfig performance =
        queues == 0 ? null : Samples.performance(Map.of("queues", queues));
    return new DeviceConfig(
        "/run/z",
        id,
        size,
        algorithm,
        0,
        transport,
        NbdConfig.listeningAt(listen),
        performance,
        null);
  }

  @Test
  void travelsAsJson() throws IOException {
    DeviceConfig config =
        config(5, 1L << 39, "zstd(level=3)", TransportKind.NBD, "tcp:localhost:0", 0);
    assertThat(Json.record(DeviceConfig.class, Json.line(config))).isEqualTo(config);
  }

  @Test
  void carriesTheSettingsThatWereAskedFor() throws IOException {
    PerformanceConfig performance =
        Samples.performance(
            Map.of("preset", "MAX_PERF", "polling", false, "batchPages", 64, "cpuAffinity", "0"));
    DeviceConfig config =
        new DeviceConfig("/run/z", 1, 4096, "lz4", 0, TransportKind.AUTO, null, performance, null);
    assertThat(Json.record(DeviceConfig.class, Json.line(config))).isEqualTo(config);
    assertThat(config.performance().pollSpinCycles()).isNull();
  }

  @Test
  void readsARecordFromBeforeThereWereSettings() throws IOException {
    String line = "{\"runDir\":\"/run/z\",\"sizeBytes\":4096,\"algorithm\":\"lz4\"}";
    assertThat(Json.record(DeviceConfig.class, line).performance())
        .isEqualTo(PerformanceConfig.DEFAULT);
  }

  @Test
  void whatWasAskedForAtCreationIsKeptBesideWhatIsSet() throws IOException {
    DeviceConfig made = config(0, 4096, "lz4", TransportKind.NBD, null, 0);
    assertThat(made.performanceWhenCreated()).isEqualTo(PerformanceConfig.DEFAULT);
    DeviceConfig twice = made.withChanged(asked("workers", 3)).withChanged(asked("workers", 2));
    assertThat(twice.performance().workers()).isEqualTo(2);
    assertThat(twice.performanceWhenCreated()).isEqualTo(PerformanceConfig.DEFAULT);
    assertThat(Json.record(DeviceConfig.class, Json.line(twice))).isEqualTo(twice);
    assertThat(twice.withChanged(PerformanceConfig.DEFAULT)).isEqualTo(made);
    String old = Json.line(made).replace(",\"created\":null", "");
    assertThat(Json.record(DeviceConfig.class, old)).isEqualTo(made);
  }

  @Test
  void makesPathsAbsolute() {
    assertThat(config(0, 4096, "lz4", TransportKind.NBD, "unix:a.sock", 0).nbd().listen())
        .isEqualTo("unix:" + Path.of("a.sock").toAbsolutePath());
  }

  @Test
  void autoStaysWhatWasAskedForUntilItIsSettled() throws IOException {
    DeviceConfig asked = config(0, 4096, "auto", TransportKind.NBD, null, 0);
    assertThat(asked.algorithm()).isEqualTo("auto");
    assertThat(Json.record(DeviceConfig.class, Json.line(asked))).isEqualTo(asked);
    DeviceConfig settled = asked.withSettledAlgorithm();
    assertThat(settled.algorithm())
        .isEqualTo(AutoPacking.ofThisMachine().packing().toString())
        .isEqualTo(settled.storeOptions().packing().toString());
    assertThat(settled.withSettledAlgorithm()).isEqualTo(settled);
    assertThat(settled.withAlgorithm("auto")).isEqualTo(asked);
  }

  @Test
  void writesAnAlgorithmInFull() {
    assertThat(config(0, 4096, "line+zstd", TransportKind.NBD, null, 0).algorithm())
        .isEqualTo("line+zstd(level=3)");
  }

  @Test
  void refusesWhatCannotBeServed() {
    assertRefused("id -2", () -> config(-2, 4096, "lz4", TransportKind.NBD, null, 0));
    assertRefused("size", () -> config(0, 0, "lz4", TransportKind.NBD, null, 0));
    assertRefused("4096", () -> config(0, 4097, "lz4", TransportKind.NBD, null, 0));
    assertRefused("page table", () -> config(0, 1L << 60, "lz4", TransportKind.NBD, null, 0));
    assertRefused("lzo", () -> config(0, 4096, "lzo", TransportKind.NBD, null, 0));
    assertRefused("nowhere", () -> config(0, 4096, "lz4", TransportKind.NBD, "nowhere", 0));
    assertRefused("--listen", () -> config(0, 4096, "lz4", TransportKind.UBLK, "tcp:a:1", 0));
    assertRefused("--max-clients", () -> ublk(new NbdConfig(null, null, null, null, 5)));
    assertRefused("--queues", () -> config(0, 4096, "lz4", TransportKind.NBD, null, 2));
  }

  private static DeviceConfig ublk(NbdConfig nbd) {
    return new DeviceConfig("/run/z", 0, 4096, "lz4", 0, TransportKind.UBLK, nbd, null, null);
  }

  private static DeviceConfig forSwap(TransportKind transport, PerformanceConfig performance) {
    return new DeviceConfig(
        "/run/z", 0, 4096, "lz4", 0, transport, null, performance, null, true, false, null, null);
  }

  @Test
  void aDeviceForSwapStagesNothing() throws IOException {
    DeviceConfig config = forSwap(TransportKind.UBLK, null);
    assertThat(config.performance().stagingPages()).isZero();
    assertThat(Json.record(DeviceConfig.class, Json.line(config))).isEqualTo(config);
    assertRefused("nothing is staged", () -> forSwap(TransportKind.UBLK, asked("batchPages", 64)));
    assertRefused("nothing is staged", () -> forSwap(TransportKind.UBLK, asked("stagingPages", 9)));
    assertRefused("--workers 0", () -> forSwap(TransportKind.UBLK, asked("workers", 0)));
    assertThat(forSwap(TransportKind.AUTO, asked("stagingPages", 0)).swap()).isTrue();
  }

  private static PerformanceConfig asked(String name, int value) {
    return Samples.performance(Map.of(name, value));
  }

  @Test
  void nobodySwapsOverNbdToTheSameMachine() {
    assertRefused("swaps over NBD", () -> forSwap(TransportKind.NBD, null));
  }

  private static void assertRefused(
      String reason, org.assertj.core.api.ThrowableAssert.ThrowingCallable attempt) {
    assertThatThrownBy(attempt)
        .satisfies(thrown ->
            assertThat(UserException.lineFor(thrown)).contains(reason).doesNotContain("\n"));
  }
}
