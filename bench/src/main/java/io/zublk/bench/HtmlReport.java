package io.zublk.bench;

import io.zublk.bench.Report.Row;
import io.zublk.bench.Report.Section;
import java.util.List;

/**
 * A report to look at: one file without references to others, well-formed XML. First the ratios of
 * each pair at a glance; then a bar for each contender's median, with a line from its worst to its
 * best round; of latencies, the percentiles.
 */
final class HtmlReport {

  private final Report report;
  private final List<String> contenders;
  private final Html html = new Html();

  private HtmlReport(Report report) {
    this.report = report;
    this.contenders =
        report.sections().stream()
            .flatMap(section -> report.contenders(section).stream())
            .distinct()
            .toList();
  }

  static String of(Report report) {
    return new HtmlReport(report).render();
  }

  private String render() {
    String title = Html.escape(report.title());
    html.add("<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n");
    html.add("<head><meta charset=\"UTF-8\"/>");
    html.add("<meta name=\"viewport\" content=\"width=device-width\"/>\n");
    html.add("<title>%s</title>\n<style>\n%s</style></head>\n<body>\n", title, HtmlStyle.CSS);
    html.add("<h1>%s</h1>\n", title);
    facts();
    new RatioCharts(report, html).add();
    report.sections().forEach(this::section);
    notes();
    html.add("</body>\n</html>\n");
    return html.toString();
  }

  private void facts() {
    html.add("<table>\n");
    report.facts().stream()
        .filter(fact -> !fact.text().isEmpty())
        .forEach(fact ->
            html.add(
                "<tr><td>%s</td><td>%s</td></tr>\n",
                Html.escape(fact.label()), Html.escape(fact.text())));
    html.add("</table>\n");
  }

  private void section(Section section) {
    html.add("<h2>%s</h2>\n<p class=\"hint\">%s, ", section.title(), Html.escape(section.unit()));
    if (section == Section.LATENCY) {
      html.add("further left is better; logarithmic, medians of the rounds</p>\n");
      new PercentileCharts(report, contenders::indexOf, html).add();
      return;
    }
    html.add(
        "%s is better; thin line: worst to best round</p>\n",
        section.moreIsBetter() ? "longer" : "shorter");
    for (Row row : report.rows(section)) {
      html.add("<h3>%s</h3>\n", Html.escape(row.name()));
      double most =
          row.values().values().stream()
              .flatMap(List::stream)
              .mapToDouble(Double::doubleValue)
              .max()
              .orElse(0);
      row.values().forEach((contender, values) -> bar(contender, values, most));
    }
  }

  private void bar(String contender, List<Double> values, double most) {
    double percent = most > 0 ? 100 / most : 0;
    double median = Statistics.median(values);
    double least = values.stream().min(Double::compare).orElse(median);
    double greatest = values.stream().max(Double::compare).orElse(median);
    html.line(
        contender,
        Html.format(
            "<span class=\"bar\" style=\"width:%.1f%%;background:%s\"></span>"
                + "<span class=\"whisker\" style=\"left:%.1f%%;width:%.1f%%\"></span>",
            median * percent,
            HtmlStyle.colour(contenders.indexOf(contender)),
            least * percent,
            (greatest - least) * percent),
        Html.number(median));
  }

  private void notes() {
    if (report.notes().isEmpty()) {
      return;
    }
    html.add("<h2>Notes</h2>\n<ul>\n");
    report.notes().forEach(note -> html.add("<li>%s</li>\n", Html.escape(note)));
    html.add("</ul>\n");
  }
}
