package io.zublk.daemon.machine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class KernelVersionTest {

  @Test
  void readsWhatDistributionsWrite() {
    assertThat(KernelVersion.of("6.12.57+deb13-cloud-amd64"))
        .isEqualTo(new KernelVersion("6.12.57+deb13-cloud-amd64", 6, 12, 57));
    assertThat(KernelVersion.of("7.3-rc5")).isEqualTo(new KernelVersion("7.3-rc5", 7, 3, 0));
    assertThat(KernelVersion.of("what").atLeast(0, 1)).isFalse();
  }

  @Test
  void compares() {
    assertThat(KernelVersion.of("6.4.0").atLeast(6, 4)).isTrue();
    assertThat(KernelVersion.of("6.3.9").atLeast(6, 4)).isFalse();
    assertThat(KernelVersion.of("7.0.0").atLeast(6, 4)).isTrue();
    assertThat(KernelVersion.of("5.19").atLeast(6, 0)).isFalse();
  }

  @Test
  void knowsTheBadOnes() {
    assertThat(KernelVersion.of("6.18.4").ublkBug()).isPresent();
    assertThat(KernelVersion.of("7.0.3").ublkBug()).isPresent();
    assertThat(KernelVersion.of("6.18.6").ublkBug()).isEmpty();
    assertThat(KernelVersion.of("6.18.5").ublkCrash()).isPresent();
    assertThat(KernelVersion.of("7.0.3").ublkCrash()).isEmpty();
  }
}
