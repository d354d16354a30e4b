package io.zublk.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.zublk.bench.Report.Section;
import java.io.StringReader;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class HtmlReportTest {

  private final Report report = new Report("zublk bench <device> & \"more\"");

  @Test
  void isWellFormedAndSaysEverything() throws Exception {
    addRows();
    String text =
        parse(ReportFormat.HTML.render(report, 100)).getDocumentElement().getTextContent();
    assertThat(text)
        .contains("zublk bench <device> & \"more\"", "a<b>&c", "it's <noted> & kept")
        .contains("zublk lz4 : zram lz4", "better in 1, worse in 3", "2.00×", "0.50×")
        .contains("200,000", "p50 / p99 / p99.9", "20.0 / 80.0 / 320");
  }

  @Test
  void barsAreAsLongAsTheirMedians() {
    addRows();
    List<Double> widths = widths("class=\"bar\" style=\"width:");
    assertThat(widths).hasSize(2);
    assertThat(widths.get(0)).isCloseTo(2 * widths.get(1), within(0.2));
  }

  @Test
  void aMissIsAsVisibleAsAWin() {
    addRows();
    assertThat(widths("class=\"bar better\" style=\"width:")).containsExactly(50.0);
    assertThat(widths("class=\"bar worse\" style=\"width:")).containsExactly(50.0, 50.0, 50.0);
  }

  @Test
  void refersToNothingOutsideItself() {
    report.add(Section.REQUESTS, "random read 4K", "zublk lz4", 0);
    report.add(Section.LATENCY, "random read 4K p50", "zublk lz4", 0);
    assertThat(ReportFormat.HTML.render(report, 100))
        .doesNotContain("<script", "<link", "src=", "href=", "url(", "@import", "NaN", "Infinity");
  }

  private void addRows() {
    report.fact("data", "a<b>&c");
    report.note("it's <noted> & kept");
    report.compare("zublk lz4", "zram lz4");
    for (double factor : new double[] {0.9, 1, 1.3}) {
      report.add(Section.THROUGHPUT, "sequential read 1M", "zublk lz4", 200_000 * factor);
      report.add(Section.THROUGHPUT, "sequential read 1M", "zram lz4", 100_000 * factor);
      double micros = 10 * factor;
      for (double percent : new double[] {50, 99, 99.9}) {
        String row = Report.percentileOf("random read 4K, QD 1", percent);
        report.add(Section.LATENCY, row, "zublk lz4", 2 * micros);
        report.add(Section.LATENCY, row, "zram lz4", micros);
        micros *= 4;
      }
    }
  }

  private List<Double> widths(String before) {
    return Pattern.compile(Pattern.quote(before) + "([0-9.]+)%")
        .matcher(ReportFormat.HTML.render(report, 100))
        .results()
        .map((MatchResult result) -> Double.parseDouble(result.group(1)))
        .toList();
  }

  private static Document parse(String html) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(html)));
  }
}
