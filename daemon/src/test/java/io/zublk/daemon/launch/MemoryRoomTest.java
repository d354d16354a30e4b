package io.zublk.daemon.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.NbdConfig;
import io.zublk.daemon.PerformanceConfig;
import io.zublk.daemon.TransportKind;
import io.zublk.daemon.UserException;
import io.zublk.daemon.machine.MemoryCgroup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MemoryRoomTest {

  private static final long MIB = 1 << 20;
  private static final long GIB = 1 << 30;

  private final List<String> notices = new ArrayList<>();

  private static DeviceConfig device(long size, long limit) {
    return new DeviceConfig(
        "/run/zublk",
        DeviceConfig.ANY_ID,
        size,
        "lz4",
        limit,
        TransportKind.NBD,
        NbdConfig.DEFAULT,
        PerformanceConfig.DEFAULT,
        null);
  }

  /** On a machine with 24 GiB, from a process of 40 MiB, for one of 100 MiB. */
  private long settled(Long groupLimit, DeviceConfig config) {
    Optional<MemoryCgroup> group =
        Optional.ofNullable(groupLimit)
            .map(limit -> new MemoryCgroup(Path.of("/group"), limit, 50 * MIB));
    return new MemoryRoom(24 * GIB, group, 100 * MIB, 40 * MIB)
        .settle(config, notices::add)
        .memLimitBytes();
  }

  @Test
  void whatTheGroupLeavesIsTheLimitThatNobodyGave() {
    assertThat(settled(160 * MIB, device(GIB, 0))).isEqualTo(50 * MIB);
    assertThat(notices)
        .singleElement()
        .asString()
        .startsWith("--mem-limit 50 MiB, because the memory cgroup /group is limited to 160 MiB")
        .contains("10 MiB of it used", "may need 100 MiB");
  }

  @Test
  void aDeviceThatCannotFillTheGroupNeedsNone() {
    assertThat(settled(160 * MIB, device(25 * MIB, 0))).isZero();
    assertThat(settled(null, device(GIB, 0))).isZero();
    assertThat(settled(null, device(GIB, 64 * MIB))).isEqualTo(64 * MIB);
    assertThat(notices).isEmpty();
  }

  @Test
  void aLimitThatWasGivenStandsAndIsCommentedOn() {
    assertThat(settled(160 * MIB, device(GIB, 40 * MIB))).isEqualTo(40 * MIB);
    assertThat(notices).isEmpty();
    assertThat(settled(160 * MIB, device(GIB, 60 * MIB))).isEqualTo(60 * MIB);
    assertThat(notices).singleElement().asString().contains("60 MiB is more than there is");
  }

  @Test
  void withoutAnyRoomThereIsNoDevice() {
    for (long limit : new long[] {111 * MIB, 110 * MIB, 10 * MIB}) {
      assertThatThrownBy(() -> settled(limit, device(GIB, 0)))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("no memory for a device: the memory cgroup /group");
    }
  }

  @Test
  void aSizeThatNoDataCanBeCompressedToIsSaid() {
    settled(null, device(192 * GIB, 0));
    settled(null, device(1000 * GIB, 4 * GIB));
    assertThat(notices).isEmpty();
    settled(null, device(900 * GIB, 0));
    assertThat(notices).singleElement().asString().startsWith("900.0 GiB is 37 times");
  }
}
