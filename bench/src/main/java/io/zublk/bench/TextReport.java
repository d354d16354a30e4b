package io.zublk.bench;

import io.zublk.bench.Report.Pair;
import io.zublk.bench.Report.Row;
import io.zublk.bench.Report.Section;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** A report for terminals: a table a section, medians and their ratios. */
final class TextReport {

  private final Report report;
  private final int width;
  private final StringBuilder text = new StringBuilder();

  private TextReport(Report report, int width) {
    this.report = report;
    this.width = width;
  }

  /** The report in tables that are at most {@code width} columns wide. */
  static String of(Report report, int width) {
    return new TextReport(report, width).render();
  }

  private String render() {
    line(report.title());
    int label = report.facts().stream().mapToInt(f -> f.label().length()).max().orElse(0);
    report.facts().stream()
        .filter(fact -> !fact.text().isEmpty())
        .forEach(fact ->
            wrap("  " + fact.label() + " ".repeat(label - fact.label().length() + 2), fact.text()));
    for (Section section : report.sections()) {
      line("");
      line(section.title() + ", " + section.unit());
      for (List<Row> rows : byContenders(report.rows(section))) {
        table(section, rows).lines(width).forEach(this::line);
      }
    }
    if (!report.notes().isEmpty()) {
      line("");
      report.notes().forEach(note -> wrap("- ", note));
    }
    return text.toString();
  }

  /** Rows share a table if their contenders are the same: no cell of it is empty. */
  private static Collection<List<Row>> byContenders(List<Row> rows) {
    return rows.stream()
        .collect(
            Collectors.groupingBy(
                row -> row.values().keySet(), LinkedHashMap::new, Collectors.toList()))
        .values();
  }

  private TextTable table(Section section, List<Row> rows) {
    Set<String> contenders = rows.getFirst().values().keySet();
    TextTable table = new TextTable(rows.stream().map(Row::name).toList());
    for (String contender : contenders) {
      table.add(
          contender,
          rows.stream().map(row -> row.median(contender).map(Report::number).orElse("-")).toList());
    }
    for (Pair pair : report.pairs(section)) {
      if (contenders.containsAll(List.of(pair.ours(), pair.rival()))) {
        table.add(
            pair.label(),
            rows.stream().map(row -> row.ratio(pair).map("%.2f"::formatted).orElse("-")).toList());
      }
    }
    return table;
  }

  /** One line as far as words go; what a shell shall take is not broken. */
  private void wrap(String first, String words) {
    if (words.startsWith("zublk ")) {
      line(first + words);
      return;
    }
    StringBuilder line = new StringBuilder(first);
    boolean empty = true;
    for (String word : words.split(" ", -1)) {
      if (!empty && line.length() + 1 + word.length() > width) {
        line(line.toString());
        line = new StringBuilder(" ".repeat(first.length()));
        empty = true;
      }
      line.append(empty ? "" : " ").append(word);
      empty = false;
    }
    line(line.toString());
  }

  private void line(String line) {
    text.append(line).append('\n');
  }
}
