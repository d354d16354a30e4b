package io.zublk.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.bench.Report.Section;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextReportTest {

  private final Report report = new Report("zublk tune");

  @Test
  void rowsOfOtherContendersAreATableOfTheirOwn() {
    for (String option : List.of("--workers", "--polling")) {
      report.compare(option + " 1", "default");
      report.add(Section.REQUESTS, option + ": random read 4K", "default", 1000);
      report.add(Section.REQUESTS, option + ": random read 4K", option + " 1", 1500);
    }
    assertThat(ReportFormat.TEXT.render(report, 100).lines())
        .containsExactly(
            "zublk tune",
            "",
            "Requests a second, IOPS",
            "                                                   --workers",
            "                                       --workers         1 :",
            "                             default           1     default",
            "  --workers: random read 4K     1000        1500        1.50",
            "                                                   --polling",
            "                                       --polling         1 :",
            "                             default           1     default",
            "  --polling: random read 4K     1000        1500        1.50");
  }

  @ParameterizedTest
  @ValueSource(ints = {60, 80, 100})
  void nothingIsWiderThanThePage(int width) {
    List<String> contenders =
        List.of("zublk lz4", "zublk zstd(level=3)", "zram lz4", "nbdkit malloc", "nbdkit zstd");
    for (String contender : contenders) {
      report.add(Section.LATENCY, "random write 4K, QD 1 p99.9", contender, 123_456);
      report.compare(contenders.getFirst(), contender);
    }
    report.fact("fio_engines", "a word and another, ".repeat(20));
    report.note("words ".repeat(50));
    String text = ReportFormat.TEXT.render(report, width);
    assertThat(text.lines()).allMatch(line -> line.length() <= width);
    assertThat(text.lines().filter(line -> line.startsWith("  random write"))).isNotEmpty();
    assertThat(text.split("123456", -1)).hasSize(6);
  }

  @Test
  void aReportSaysByWhatItWasMade() {
    report.fact("size_bytes", 1 << 20, "1 MiB");
    report.fact("rounds", 3, "");
    report.madeBy("zublk 1.0", List.of("zublk", "tune", "--only", "workers, staging"));
    assertThat(ReportFormat.TEXT.render(report, 100))
        .isEqualTo(
            """
            zublk tune
              version  zublk 1.0
              command  zublk tune --only 'workers, staging'
              size     1 MiB
            """);
    assertThat(ReportFormat.JSON.render(report, 100))
        .contains("\"command\":[\"zublk\",\"tune\",\"--only\",\"workers, staging\"]")
        .contains("\"size_bytes\":1048576,\"rounds\":3");
    assertThat(ReportFormat.HTML.render(report, 100))
        .contains("zublk 1.0")
        .doesNotContain("rounds");
  }
}
