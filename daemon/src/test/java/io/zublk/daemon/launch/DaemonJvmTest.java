package io.zublk.daemon.launch;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.daemon.NbdConfig;
import io.zublk.nbd.NbdOptions;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class DaemonJvmTest {

  @Test
  void aDevicesJvmHasRoomForAllItsClients() {
    NbdConfig most = new NbdConfig(null, null, null, null, NbdOptions.MOST_CONNECTIONS);
    assertThat(flag("-XX:MaxDirectMemorySize=", most))
        .isGreaterThan(most.options().maxDirectMemoryBytes());
    int more = NbdOptions.MOST_CONNECTIONS - NbdOptions.defaults().maxConnections();
    assertThat(flag("-Xmx", most) - flag("-Xmx", NbdConfig.DEFAULT)).isEqualTo(more * (8L << 10));
  }

  private static long flag(String name, NbdConfig nbd) {
    return DaemonJvm.command(Object.class, Path.of("/crash"), nbd, List.of()).stream()
        .filter(flag -> flag.startsWith(name))
        .mapToLong(flag -> Long.parseLong(flag.substring(name.length())))
        .sum();
  }
}
