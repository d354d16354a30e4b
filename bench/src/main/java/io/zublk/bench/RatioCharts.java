package io.zublk.bench;

import io.zublk.bench.Report.Pair;
import io.zublk.bench.Report.Row;
import io.zublk.bench.Report.Section;
import java.util.LinkedHashMap;
import java.util.Map;

/** For each pair of contenders, all rows at a glance: a miss has as long a bar as a win. */
final class RatioCharts {

  /** A bar of a greater ratio ends here: one outlier would make all others invisible. */
  private static final double MOST = 8;

  /** What differs little shall look so. */
  private static final double LEAST = 2;

  private final Report report;
  private final Html html;

  RatioCharts(Report report, Html html) {
    this.report = report;
    this.html = html;
  }

  void add() {
    Map<Pair, Map<Row, Double>> ratios = ratios();
    if (ratios.isEmpty()) {
      return;
    }
    double most =
        ratios.values().stream()
            .flatMap(ofRows -> ofRows.values().stream())
            .mapToDouble(ratio -> Math.max(ratio, 1 / ratio))
            .max()
            .orElse(LEAST);
    double scale = Math.clamp(most, LEAST, MOST);
    html.add(
        "<h2>Side by side</h2>\n<p class=\"hint\">how many times as good the first is as the"
            + " second; the line is 1, and green to its right is better; logarithmic</p>\n"
            + "<div class=\"pairs\">\n");
    ratios.forEach((pair, ofRows) -> chart(pair, ofRows, scale));
    html.add("</div>\n");
  }

  /** Every pair's ratios by row. */
  private Map<Pair, Map<Row, Double>> ratios() {
    Map<Pair, Map<Row, Double>> ratios = new LinkedHashMap<>();
    for (Section section : report.sections()) {
      for (Pair pair : report.pairs(section)) {
        for (Row row : report.rows(section)) {
          row.ratio(pair)
              .filter(ratio -> ratio > 0 && Double.isFinite(ratio))
              .ifPresent(ratio ->
                  ratios.computeIfAbsent(pair, _ -> new LinkedHashMap<>()).put(row, ratio));
        }
      }
    }
    return ratios;
  }

  private void chart(Pair pair, Map<Row, Double> ratios, double scale) {
    long better = ratios.values().stream().filter(ratio -> ratio >= 1).count();
    html.add(
        "<div><h3>%s</h3>\n<p class=\"hint\">better in %d, worse in %d</p>\n",
        Html.escape(pair.label()), better, ratios.size() - better);
    ratios.forEach((row, ratio) ->
        html.line(
            row.brief(),
            Html.format(
                "<span class=\"bar %s\" style=\"width:%.1f%%\"></span><span class=\"one\"></span>",
                ratio >= 1 ? "better" : "worse",
                50 * Math.min(1, Math.abs(Math.log(ratio)) / Math.log(scale))),
            Html.format("%.2f×", ratio)));
    html.add("</div>\n");
  }
}
