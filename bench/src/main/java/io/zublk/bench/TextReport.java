package io.zublk.bench;

import io.zublk.bench.Report.Pair;
import io.zublk.bench.Report.Row;
import io.zublk.bench.Report.Section;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** A report for terminals: a table a section, medians and their ratios. */
final class TextReport {

  private TextReport() {}

  static String of(Report report) {
    StringBuilder text = new StringBuilder(report.title()).append('\n');
    int width = report.facts().keySet().stream().mapToInt(String::length).max().orElse(0);
    report
        .facts()
        .forEach((name, value) ->
            text.append("  ").append(pad(name, width)).append("  ").append(value).append('\n'));
    for (Section section : report.sections()) {
      text.append('\n').append(section.title()).append('\n');
      for (List<Row> rows : byContenders(report.rows(section))) {
        appendTable(text, table(report, section, rows));
      }
    }
    if (!report.notes().isEmpty()) {
      text.append('\n');
      report.notes().forEach(note -> text.append("- ").append(note).append('\n'));
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

  private static List<List<String>> table(Report report, Section section, List<Row> rows) {
    Set<String> contenders = rows.getFirst().values().keySet();
    List<Pair> pairs =
        report.pairs(section).stream()
            .filter(pair -> contenders.containsAll(List.of(pair.ours(), pair.rival())))
            .toList();
    List<List<String>> table = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("", "unit"));
    head.addAll(contenders);
    pairs.forEach(pair -> head.add(pair.label()));
    table.add(head);
    for (Row row : rows) {
      List<String> cells = new ArrayList<>(List.of(row.name(), section.unit()));
      contenders.forEach(c -> cells.add(row.median(c).map(Report::number).orElse("-")));
      pairs.forEach(pair -> cells.add(row.ratio(pair).map("%.2f"::formatted).orElse("-")));
      table.add(cells);
    }
    return table;
  }

  private static void appendTable(StringBuilder text, List<List<String>> table) {
    int[] widths = new int[table.getFirst().size()];
    for (List<String> row : table) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (List<String> row : table) {
      StringBuilder line = new StringBuilder("  ");
      for (int i = 0; i < widths.length; i++) {
        String cell = row.get(i);
        line.append(i < 2 ? pad(cell, widths[i]) : " ".repeat(widths[i] - cell.length()) + cell);
        line.append("  ");
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(width - text.length());
  }
}
