package io.zublk.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.bench.Report.Section;
import java.util.List;
import org.junit.jupiter.api.Test;

class TextReportTest {

  @Test
  void rowsOfOtherContendersAreATableOfTheirOwn() {
    Report report = new Report("zublk tune");
    for (String option : List.of("--workers", "--polling")) {
      report.compare(option + " 1", "default");
      report.add(Section.REQUESTS, option + ": random read 4K", "default", 1000);
      report.add(Section.REQUESTS, option + ": random read 4K", option + " 1", 1500);
    }
    assertThat(ReportFormat.TEXT.render(report).lines().map(String::strip))
        .containsExactly(
            "zublk tune",
            "",
            "Requests a second",
            "unit  default  --workers 1  --workers 1 : default",
            "--workers: random read 4K  IOPS     1000         1500                   1.50",
            "unit  default  --polling 1  --polling 1 : default",
            "--polling: random read 4K  IOPS     1000         1500                   1.50");
  }
}
