package io.zublk.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.daemon.DeviceChange;
import io.zublk.daemon.DeviceConfig;
import io.zublk.daemon.PerformanceConfig;
import io.zublk.daemon.PerformanceConfigBuilder;
import io.zublk.daemon.TransportKind;
import io.zublk.daemon.UserException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SettingWordsTest {

  private static final PerformanceConfig POLLS =
      PerformanceConfigBuilder.builder()
          .polling(true)
          .pollSpinCycles(5)
          .pollAdaptive(false)
          .build();

  private static DeviceConfig config(TransportKind transport, PerformanceConfig performance) {
    return new DeviceConfig("/run/x", 0, 1 << 20, "lz4", 0, transport, null, performance, null);
  }

  private static DeviceConfig changed(DeviceConfig config, String... words) {
    return SettingWords.parse(List.of(words)).applyTo(config);
  }

  @Test
  void changesWhatItNamesAndNothingElse() {
    DeviceConfig old = config(TransportKind.UBLK, POLLS);
    assertThat(changed(old, "mem-limit=2M")).isEqualTo(old.withMemLimitBytes(2 << 20));
    assertThat(changed(old, "batch-timeout-us=70").performance().batchTimeoutMicros())
        .isEqualTo(70);
    assertThat(changed(old, "mem-used-max=0")).isEqualTo(old);
    assertThat(changed(old, "workers=3").performance().workers()).isEqualTo(3);
    assertThat(changed(old, "staging=1M").performance().stagingPages()).isEqualTo(256);
    assertThat(changed(old, "staging=0").performance().stagingPages()).isZero();
    DeviceConfig listed = changed(old, "cpu-affinity=1,4-7");
    assertThat(listed.performance().cpuAffinity()).isEqualTo("1,4-7");
    assertThat(changed(listed, "cpu-affinity=all")).isEqualTo(old);
  }

  @Test
  void theLastOfSeveralWins() {
    DeviceConfig old = config(TransportKind.NBD, PerformanceConfig.DEFAULT);
    assertThat(changed(old, "mem-limit=2M", "mem-limit=0")).isEqualTo(old);
  }

  @Test
  void howToPollGoesWithThePolling() {
    DeviceConfig old = config(TransportKind.UBLK, POLLS);
    PerformanceConfig off = changed(old, "polling=off").performance();
    assertThat(off.polls()).isFalse();
    assertThat(off.pollSpinCycles()).isNull();
    PerformanceConfig on = changed(old.withPerformance(off), "polling=on").performance();
    assertThat(on.polls()).isTrue();
    assertThatThrownBy(() -> changed(old, "polling=off", "poll-spin-cycles=7"))
        .hasMessageContaining("need --polling");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mem-limit=4096",
        "poll-spin-cycles=0",
        "batch-timeout-us=0",
        "batch-timeout-us=1000001"
      })
  void valuesAreCheckedAsThoseOfCreate(String word) {
    DeviceChange change = SettingWords.parse(List.of(word));
    assertThatThrownBy(() -> change.applyTo(config(TransportKind.UBLK, POLLS)))
        .isInstanceOfAny(UserException.class, IllegalArgumentException.class);
  }

  @Test
  void nothingPollsOverNbd() {
    DeviceConfig nbd = config(TransportKind.NBD, PerformanceConfig.DEFAULT);
    assertThatThrownBy(() -> changed(nbd, "polling=on")).hasMessageContaining("NBD has none");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mem-limit",
        "=1",
        "mem-limit=",
        "mem-limit=x",
        "mem-used-max=1",
        "polling=maybe",
        "poll-spin-cycles=1.5",
        "colour=red",
        "workers=many",
        "staging=-1",
        "batch-pages=64",
        "cpu-affinity=",
        "cpu-affinity=1-",
        "cpu-affinity=one",
        "size=2G"
      })
  void whatItDoesNotUnderstandIsRefused(String word) {
    assertThatThrownBy(() -> SettingWords.parse(List.of(word)))
        .isInstanceOfAny(UserException.class, IllegalArgumentException.class);
  }
}
