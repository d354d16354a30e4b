package io.zublk.vmtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class ReportTest {

  @Test
  void readsChecksAndWhyOneFailed() {
    Report report =
        Report.parse(
            List.of(
                "# guest: Linux 7.3",
                "ok 1 - lz4: create # 0.53s",
                "not ok 2 - lz4: read back # 1.20s",
                "# status 1: cmp a b",
                "ok 3 - no time given",
                "1..3"),
            1);
    assertThat(report.checks())
        .containsExactly(
            new Report.Check("lz4: create", true, List.of()),
            new Report.Check("lz4: read back", false, List.of("# status 1: cmp a b")),
            new Report.Check("no time given", true, List.of()));
    assertThat(report.plan()).isEqualTo(OptionalInt.of(3));
    assertThat(report.complete()).isTrue();
  }

  @Test
  void aGuestThatDiedIsNotComplete() {
    assertThat(Report.parse(List.of(), 1).complete()).isFalse();
    assertThat(Report.parse(List.of("Kernel panic - not syncing"), 1).complete()).isFalse();
    assertThat(Report.parse(List.of("ok 1 - create # 0.1s"), 1).complete()).isFalse();
  }

  @Test
  void theScriptThatRanTheGuestJudgesToo() {
    List<String> fine = List.of("ok 1 - create # 0.1s", "1..1");
    assertThat(Report.parse(fine, 0).complete()).isTrue();
    assertThat(Report.parse(fine, 1).complete()).isFalse();
  }

  @Test
  void aLostCheckOrAnEmptyScenarioIsNotComplete() {
    assertThat(Report.parse(List.of("ok 1 - create # 0.1s", "1..2"), 1).complete()).isFalse();
    assertThat(Report.parse(List.of("1..0"), 1).complete()).isFalse();
  }
}
