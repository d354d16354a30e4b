package io.zublk.bench;

import io.zublk.bench.Report.Pair;
import io.zublk.bench.Report.Row;
import io.zublk.bench.Report.Section;
import java.util.List;
import java.util.Locale;

/**
 * A report to look at: one file without references to others, well-formed XML, with a bar for each
 * contender's median, a whisker from its worst to its best round, and the ratios beside.
 */
final class HtmlReport {

  private static final String STYLE =
      """
      body { font: 15px/1.45 system-ui, sans-serif; color: #1c2430; background: #fbfbf9;
             max-width: 62rem; margin: 2.5rem auto; padding: 0 1rem; }
      h1 { font-size: 1.6rem; } h2 { margin: 2.2rem 0 .3rem; font-size: 1.2rem; }
      h3 { margin: 1.1rem 0 .2rem; font-size: .95rem; font-weight: 600; }
      .hint { color: #68717d; margin: 0 0 .4rem; } svg { display: block; width: 100%; }
      svg text { font-size: 13px; fill: currentColor; } .whisker { stroke: #1c2430; opacity: .55; }
      table { border-collapse: collapse; } td { padding: .1rem 1rem .1rem 0; }
      td:first-child { color: #68717d; } .ratio { display: inline-block; margin: 0 .5rem .2rem 0;
        padding: 0 .5rem; border-radius: .6rem; background: #ececea; font-size: .85rem; }
      .better { background: #d5eddc; } .worse { background: #f7ddd4; }
      @media (prefers-color-scheme: dark) {
        body { color: #e4e6ea; background: #15181d; } .whisker { stroke: #e4e6ea; }
        .ratio { background: #2a2f37; } .better { background: #1d4a2c; }
        .worse { background: #5a2c1e; } }
      """;

  /** Ours come first and are the strong ones: by Okabe and Ito, told apart by all eyes. */
  private static final String[] COLOURS = {
    "#0072b2", "#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#999999"
  };

  private static final int WIDTH = 960;
  private static final int BAR_LEFT = 190;
  private static final int BAR_RIGHT = 850;
  private static final int LINE_HEIGHT = 22;
  private static final int BAR_HEIGHT = 15;

  private final Report report;
  private final List<String> contenders;
  private final StringBuilder html = new StringBuilder();

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
    String title = escape(report.title());
    html.append("<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n")
        .append("<head><meta charset=\"UTF-8\"/>")
        .append("<meta name=\"viewport\" content=\"width=device-width\"/>\n<title>")
        .append(title)
        .append("</title>\n<style>\n")
        .append(STYLE)
        .append("</style></head>\n<body>\n<h1>")
        .append(title)
        .append("</h1>\n");
    facts();
    report.sections().forEach(this::section);
    notes();
    return html.append("</body>\n</html>\n").toString();
  }

  private void facts() {
    html.append("<table>\n");
    report
        .facts()
        .forEach((name, value) ->
            html.append("<tr><td>")
                .append(escape(name))
                .append("</td><td>")
                .append(escape(value))
                .append("</td></tr>\n"));
    html.append("</table>\n");
  }

  private void section(Section section) {
    html.append("<h2>").append(escape(section.title())).append("</h2>\n<p class=\"hint\">");
    html.append(escape(section.unit()));
    html.append(section.moreIsBetter() ? ", longer is better" : ", shorter is better");
    html.append("; thin line: worst to best round</p>\n");
    for (Row row : report.rows(section)) {
      html.append("<h3>").append(escape(row.name())).append("</h3>\n");
      chart(row);
      ratios(row, report.pairs(section));
    }
  }

  private void chart(Row row) {
    List<String> shown = contenders.stream().filter(row.values()::containsKey).toList();
    double most =
        row.values().values().stream()
            .flatMap(List::stream)
            .mapToDouble(Double::doubleValue)
            .max()
            .orElse(0);
    html.append(
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">%n"
            .formatted(WIDTH, shown.size() * LINE_HEIGHT + 4, escape(row.name())));
    for (int i = 0; i < shown.size(); i++) {
      bar(row, shown.get(i), i * LINE_HEIGHT + 2, most);
    }
    html.append("</svg>\n");
  }

  private void bar(Row row, String contender, int top, double most) {
    List<Double> values = row.values().get(contender);
    double median = Statistics.median(values);
    double left = x(values.stream().min(Double::compare).orElse(median), most);
    double right = x(values.stream().max(Double::compare).orElse(median), most);
    int middle = top + BAR_HEIGHT / 2;
    html.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>",
            BAR_LEFT - 8,
            top + 12,
            escape(contender)));
    html.append(
        String.format(
            Locale.ROOT,
            "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\" fill=\"%s\"/>",
            BAR_LEFT,
            top,
            Math.max(1, x(median, most) - BAR_LEFT),
            BAR_HEIGHT,
            colour(contender)));
    html.append(
        String.format(
            Locale.ROOT,
            "<line class=\"whisker\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>",
            left,
            right,
            middle,
            middle));
    html.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%.1f\" y=\"%d\">%s</text>%n",
            Math.max(right, x(median, most)) + 6,
            top + 12,
            Report.number(median)));
  }

  private static double x(double value, double most) {
    return most <= 0 ? BAR_LEFT : BAR_LEFT + value / most * (BAR_RIGHT - BAR_LEFT);
  }

  private String colour(String contender) {
    return COLOURS[contenders.indexOf(contender) % COLOURS.length];
  }

  private void ratios(Row row, List<Pair> pairs) {
    StringBuilder chips = new StringBuilder();
    for (Pair pair : pairs) {
      row.ratio(pair)
          .ifPresent(ratio ->
              chips
                  .append("<span class=\"ratio ")
                  .append(ratio >= 1 ? "better" : "worse")
                  .append("\">")
                  .append(escape(pair.label()))
                  .append(String.format(Locale.ROOT, " = %.2f×</span>%n", ratio)));
    }
    if (!chips.isEmpty()) {
      html.append("<p class=\"hint\">").append(chips).append("</p>\n");
    }
  }

  private void notes() {
    if (report.notes().isEmpty()) {
      return;
    }
    html.append("<h2>Notes</h2>\n<ul>\n");
    report.notes().forEach(note -> html.append("<li>").append(escape(note)).append("</li>\n"));
    html.append("</ul>\n<p class=\"hint\">A ratio above 1 means that the first is better.</p>\n");
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
