package io.zublk.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zublk.bench.TuneStep.Need;
import io.zublk.daemon.UserException;
import io.zublk.uring.sys.CpuList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TuneStepTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 64})
  void everyAlternativeIsTypedOnceAndNamesItsOption(int cpus) {
    for (TuneStep step : TuneStep.all(cpus, CpuList.parse("0-" + (cpus - 1)))) {
      assertThat(step.alternatives()).doesNotHaveDuplicates();
      String option = step.option().substring(2);
      assertThat(step.alternatives()).allMatch(typed -> typed.matches("--(no-)?" + option + ".*"));
    }
  }

  @Test
  void whatIsTheDefaultAnywayIsNotTried() {
    assertThat(alternatives("queues", 1)).isEmpty();
    assertThat(alternatives("queues", 4)).containsExactly("--queues 1");
    assertThat(alternatives("queues", 8)).containsExactly("--queues 1", "--queues 8");
    assertThat(alternatives("workers", 2)).containsExactly("--workers 0", "--workers 2");
  }

  @Test
  void onlyNamedOptionsAreTriedWithOrWithoutDashes() {
    assertThat(TuneStep.only(List.of("--polling", " queue-depth "), 2, CpuList.parse("0-1")))
        .extracting(TuneStep::option)
        .containsExactly("--queue-depth", "--polling");
    TuneStep.check(List.of("--polling", " queue-depth"));
    assertThatThrownBy(() -> TuneStep.check(List.of("size")))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("--size")
        .hasMessageContaining("--queue-depth");
  }

  @Test
  void theDevicesOwnStatTellsWhatAnOptionNeeds() {
    Map<String, Object> overNbd =
        Map.of("workers", 1, "staging_bytes_max", 67108864L, "cpu_affinity", "2");
    assertThat(List.of(Need.values()).stream().filter(need -> need.isMet(overNbd)))
        .containsExactly(Need.NOTHING, Need.WORKERS, Need.STAGING);
    Map<String, Object> overUblk =
        Map.of(
            "workers",
            0,
            "staging_bytes_max",
            0,
            "cpu_affinity",
            "0-1",
            "queues",
            1,
            "batch_io",
            false,
            "polling",
            true);
    assertThat(List.of(Need.values()).stream().filter(need -> need.isMet(overUblk)))
        .containsExactly(Need.NOTHING, Need.SEVERAL_CPUS, Need.UBLK, Need.POLLING);
  }

  private static List<String> alternatives(String option, int cpus) {
    return TuneStep.only(List.of(option), cpus, CpuList.parse("0-" + (cpus - 1)))
        .getFirst()
        .alternatives();
  }
}
