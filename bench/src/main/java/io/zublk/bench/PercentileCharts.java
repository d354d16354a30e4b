package io.zublk.bench;

import io.zublk.bench.Report.Row;
import io.zublk.bench.Report.Section;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/** Latencies: for each kind of request, the percentiles of every contender on one scale. */
final class PercentileCharts {

  /** Room beside the first and the last dot. */
  private static final double MARGIN = 1.15;

  private final Report report;
  private final ToIntFunction<String> places;
  private final Html html;

  /** Charts with a colour for each contender by its place. */
  PercentileCharts(Report report, ToIntFunction<String> places, Html html) {
    this.report = report;
    this.places = places;
    this.html = html;
  }

  void add() {
    html.add("<div class=\"percentiles\">\n");
    report.rows(Section.LATENCY).stream()
        .collect(
            Collectors.groupingBy(
                PercentileCharts::request, LinkedHashMap::new, Collectors.toList()))
        .forEach(this::chart);
    html.add("</div>\n");
  }

  private static String request(Row row) {
    return row.name().substring(0, row.name().lastIndexOf(' '));
  }

  private static String percentile(Row row) {
    return row.name().substring(row.name().lastIndexOf(' ') + 1);
  }

  private void chart(String request, List<Row> rows) {
    List<String> contenders =
        rows.stream().flatMap(row -> row.values().keySet().stream()).distinct().toList();
    List<Double> all =
        contenders.stream().map(c -> medians(rows, c)).flatMap(Collection::stream).toList();
    // Under a nanosecond there is nothing.
    double least = Math.max(1e-3, all.stream().min(Double::compare).orElseThrow());
    double most = Math.max(least, all.stream().max(Double::compare).orElseThrow());
    LogScale scale = new LogScale(least / MARGIN, most * MARGIN);
    html.add("<h3>%s</h3>\n", Html.escape(request));
    axis(rows, scale);
    for (String contender : contenders) {
      dots(contender, medians(rows, contender), scale);
    }
  }

  private static List<Double> medians(List<Row> rows, String contender) {
    return rows.stream().flatMap(row -> row.median(contender).stream()).toList();
  }

  private void axis(List<Row> rows, LogScale scale) {
    StringBuilder ticks = new StringBuilder();
    for (double tick : scale.ticks()) {
      ticks.append(
          Html.format(
              "<span style=\"left:%.1f%%\">%s</span>",
              scale.percent(tick), Html.number(tick).replaceFirst("\\.0+$", "")));
    }
    html.add("<div class=\"axis\">\n");
    html.line(
        "",
        ticks.toString(),
        rows.stream().map(PercentileCharts::percentile).collect(Collectors.joining(" / ")));
    html.add("</div>\n");
  }

  private void dots(String contender, List<Double> medians, LogScale scale) {
    String colour = HtmlStyle.colour(places.applyAsInt(contender));
    double first = scale.percent(medians.getFirst());
    double last = scale.percent(medians.getLast());
    StringBuilder marks =
        new StringBuilder(
            Html.format(
                "<span class=\"range\" style=\"left:%.1f%%;width:%.1f%%;background:%s\"></span>",
                first, last - first, colour));
    for (double median : medians) {
      marks.append(
          Html.format(
              "<span class=\"dot\" style=\"left:%.1f%%;background:%s\"></span>",
              scale.percent(median), colour));
    }
    String figures = medians.stream().map(Html::number).collect(Collectors.joining(" / "));
    html.line(contender, marks.toString(), figures);
  }
}
