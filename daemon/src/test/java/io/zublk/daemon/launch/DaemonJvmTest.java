package io.zublk.daemon.launch;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.codec.LineVectors;
import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.NbdConfig;
import io.zublk.daemon.TransportKind;
import io.zublk.nbd.NbdOptions;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DaemonJvmTest {

  @Test
  void aDevicesJvmHasRoomForAllItsClients() {
    NbdConfig most = new NbdConfig(null, null, null, null, NbdOptions.MOST_CONNECTIONS);
    assertThat(flag("-XX:MaxDirectMemorySize=", most))
        .isGreaterThan(most.options().maxDirectMemoryBytes());
    int more = NbdOptions.MOST_CONNECTIONS - NbdOptions.defaults().maxConnections();
    assertThat(flag("-Xmx", most) - flag("-Xmx", NbdConfig.DEFAULT)).isEqualTo(more * (8L << 10));
  }

  @ParameterizedTest
  @CsvSource({"lz4, false", "zstd, false", "line, true", "line+lz4, true"})
  void onlyADeviceThatPacksLinesHasVectors(String algorithm, boolean packsLines) {
    List<String> command =
        DaemonJvm.command(Object.class, Path.of("/crash"), device(algorithm, null), List.of());
    boolean hasVectors = packsLines && LineVectors.unsuited().isEmpty();
    assertThat(command.contains("--add-modules=jdk.incubator.vector")).isEqualTo(hasVectors);
  }

  @Test
  void onlyADeviceForSwapHasAllOfItsCodeCacheFromTheStart() {
    DeviceConfig plain =
        new DeviceConfig("/run/z", 0, 1 << 20, "lz4", 0, TransportKind.UBLK, null, null, null);
    assertThat(command(plain)).doesNotContain("-XX:InitialCodeCacheSize=24m");
    assertThat(command(plain.withSwap(true)))
        .contains("-XX:InitialCodeCacheSize=24m")
        .containsSubsequence("-XX:TrimNativeHeapInterval=10000", "-XX:TrimNativeHeapInterval=0");
    long locked = DaemonJvm.mostBytes(plain.withSwap(true)) - DaemonJvm.mostBytes(plain);
    assertThat(locked).isPositive();
    // A standby's are locked as well.
    DeviceConfig withStandby = plain.with(c -> c.standby(true));
    assertThat(DaemonJvm.mostBytes(withStandby.withSwap(true)))
        .isEqualTo(DaemonJvm.mostBytes(withStandby) + 2 * locked);
  }

  private static List<String> command(DeviceConfig device) {
    return DaemonJvm.command(Object.class, Path.of("/crash"), device, List.of());
  }

  private static DeviceConfig device(String algorithm, NbdConfig nbd) {
    return new DeviceConfig("/run/z", 0, 1 << 20, algorithm, 0, TransportKind.NBD, nbd, null, null);
  }

  private static long flag(String name, NbdConfig nbd) {
    return DaemonJvm.command(Object.class, Path.of("/crash"), device("lz4", nbd), List.of())
        .stream()
        .filter(flag -> flag.startsWith(name))
        .mapToLong(flag -> Long.parseLong(flag.substring(name.length())))
        .sum();
  }
}
