package io.zublk.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Rows of figures under headings of several lines. What is wider than the page goes below, under
 * the names of the rows again.
 */
final class TextTable {

  private static final String INDENT = "  ";
  private static final String GAP = "  ";

  /** Narrower headings would be a word a line. */
  private static final int LEAST_WIDTH = 10;

  private record Column(List<String> heading, List<String> cells, int width) {

    static Column of(String heading, List<String> cells) {
      int width =
          Stream.concat(Stream.of(heading.split(" ", -1)), cells.stream())
              .mapToInt(String::length)
              .max()
              .orElse(0);
      width = Math.max(width, Math.min(LEAST_WIDTH, heading.length()));
      return new Column(wrap(heading, width), cells, width);
    }

    private static List<String> wrap(String heading, int width) {
      List<String> lines = new ArrayList<>();
      for (String word : heading.split(" ", -1)) {
        String last = lines.isEmpty() ? "" : lines.getLast() + " " + word;
        if (!lines.isEmpty() && last.length() <= width) {
          lines.set(lines.size() - 1, last);
        } else {
          lines.add(word);
        }
      }
      return lines;
    }
  }

  private final List<String> names;
  private final List<Column> columns = new ArrayList<>();

  TextTable(List<String> names) {
    this.names = List.copyOf(names);
  }

  /** Adds a column with a cell for every row. */
  void add(String heading, List<String> cells) {
    columns.add(Column.of(heading, cells));
  }

  /** The lines, none longer than {@code width} unless a single column is. */
  List<String> lines(int width) {
    List<String> lines = new ArrayList<>();
    int room = width - INDENT.length() - nameWidth();
    List<Column> page = new ArrayList<>();
    int used = 0;
    for (Column column : columns) {
      if (!page.isEmpty() && used + GAP.length() + column.width() > room) {
        addPage(lines, page);
        page.clear();
        used = 0;
      }
      page.add(column);
      used += GAP.length() + column.width();
    }
    addPage(lines, page);
    return lines;
  }

  private int nameWidth() {
    return names.stream().mapToInt(String::length).max().orElse(0);
  }

  private void addPage(List<String> lines, List<Column> page) {
    int height = page.stream().mapToInt(column -> column.heading().size()).max().orElse(0);
    for (int i = 0; i < height; i++) {
      int fromBottom = height - i;
      lines.add(
          line(
              "",
              page,
              page.stream()
                  .map(Column::heading)
                  .map(h -> h.size() < fromBottom ? "" : h.get(h.size() - fromBottom))
                  .toList()));
    }
    for (int i = 0; i < names.size(); i++) {
      int row = i;
      lines.add(
          line(names.get(i), page, page.stream().map(column -> column.cells().get(row)).toList()));
    }
  }

  private String line(String name, List<Column> page, List<String> cells) {
    StringBuilder line = new StringBuilder(INDENT).append(name);
    line.append(" ".repeat(nameWidth() - name.length()));
    for (int i = 0; i < page.size(); i++) {
      String cell = cells.get(i);
      line.append(GAP).append(" ".repeat(page.get(i).width() - cell.length())).append(cell);
    }
    return line.toString().stripTrailing();
  }
}
