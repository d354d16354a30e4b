package io.zublk.cli;

import java.util.ArrayList;
import java.util.List;

/** Rows of text in columns as wide as their widest cell; numbers to the right. */
final class Table {

  private final List<Boolean> rightAligned;
  private final List<List<String>> rows = new ArrayList<>();

  Table(List<Boolean> rightAligned) {
    this.rightAligned = List.copyOf(rightAligned);
  }

  void add(List<String> row) {
    rows.add(List.copyOf(row));
  }

  /** The rows as lines without blanks at their ends. */
  List<String> lines() {
    int[] widths = new int[rightAligned.size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    return rows.stream().map(row -> line(row, widths)).toList();
  }

  private String line(List<String> row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      String padding = " ".repeat(widths[i] - row.get(i).length());
      line.append(i == 0 ? "" : " ");
      line.append(rightAligned.get(i) ? padding + row.get(i) : row.get(i) + padding);
    }
    return line.toString().stripTrailing();
  }

  /** The rows for programs: one blank between cells, empty cells as {@code -}. */
  List<String> rawLines() {
    return rows.stream()
        .map(row ->
            String.join(
                " ", row.stream().map(cell -> cell.isEmpty() ? "-" : escape(cell)).toList()))
        .toList();
  }

  /** Keeps a blank inside a cell from looking like a new one, as lsblk(8) does. */
  private static String escape(String cell) {
    return cell.replace("\\", "\\x5c").replace(" ", "\\x20");
  }
}
