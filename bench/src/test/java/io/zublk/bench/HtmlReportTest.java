package io.zublk.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.zublk.bench.Report.Section;
import java.io.StringReader;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class HtmlReportTest {

  private final Report report = new Report("zublk bench <device> & \"more\"");

  @Test
  void isWellFormedAndHasABarForEveryMedianAndTheRatios() throws Exception {
    report.fact("data", "a<b>&c");
    report.note("it's <noted> & kept");
    report.compare("zublk lz4", "zram lz4");
    for (double factor : new double[] {0.9, 1, 1.3}) {
      report.add(Section.THROUGHPUT, "sequential read 1M", "zublk lz4", 200 * factor);
      report.add(Section.THROUGHPUT, "sequential read 1M", "zram lz4", 100 * factor);
      report.add(Section.LATENCY, "random read 4K p50", "zublk lz4", 20 * factor);
      report.add(Section.LATENCY, "random read 4K p50", "zram lz4", 10 * factor);
    }
    Document document = parse(ReportFormat.HTML.render(report));
    assertThat(document.getElementsByTagName("svg").getLength()).isEqualTo(2);
    NodeList bars = document.getElementsByTagName("rect");
    assertThat(bars.getLength()).isEqualTo(4);
    assertThat(width(bars, 0)).isGreaterThan(1.9 * width(bars, 1));
    String text = document.getDocumentElement().getTextContent();
    assertThat(text).contains("zublk lz4 : zram lz4 = 2.00×").contains("= 0.50×");
    assertThat(text).contains("a<b>&c").contains("it's <noted> & kept");
  }

  @Test
  void refersToNothingOutsideItself() {
    report.add(Section.REQUESTS, "random read 4K", "zublk lz4", 0);
    assertThat(ReportFormat.HTML.render(report))
        .doesNotContain("<script", "<link", "src=", "href=", "url(", "@import");
  }

  private static double width(NodeList bars, int index) {
    String value = bars.item(index).getAttributes().getNamedItem("width").getNodeValue();
    return Double.parseDouble(value);
  }

  private static Document parse(String html) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(html)));
  }
}
