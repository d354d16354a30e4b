package io.zublk.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The columns of {@code list}: zramctl(8)'s, and ours. */
enum Column {
  NAME("path", Kind.TEXT),
  ALGORITHM("algorithm", Kind.TEXT),
  DISKSIZE("size", Kind.BYTES),
  DATA("orig_data_size", Kind.BYTES),
  COMPR("compr_data_size", Kind.BYTES),
  TOTAL("mem_used_total", Kind.BYTES),
  STREAMS("streams", Kind.NUMBER),
  MOUNTPOINT("mountpoint", Kind.TEXT),
  ZERO_PAGES("same_pages", Kind.NUMBER),
  MEM_LIMIT("mem_limit", Kind.BYTES),
  MEM_USED("mem_used_max", Kind.BYTES),
  MIGRATED("pages_compacted", Kind.NUMBER),
  COMP_RATIO("ratio", Kind.NUMBER),
  ID("id", Kind.NUMBER),
  TRANSPORT("transport", Kind.TEXT),
  PID("pid", Kind.NUMBER),
  RSS("rss", Kind.BYTES);

  /** Those shown unless others are asked for. */
  static final List<Column> DEFAULT =
      List.of(NAME, ALGORITHM, DISKSIZE, DATA, COMPR, TOTAL, STREAMS, MOUNTPOINT);

  private enum Kind {
    TEXT,
    NUMBER,
    BYTES
  }

  private final String field;
  private final Kind kind;

  Column(String field, Kind kind) {
    this.field = field;
    this.kind = kind;
  }

  String heading() {
    return name().replace('_', '-');
  }

  boolean isRightAligned() {
    return kind != Kind.TEXT;
  }

  /** The value in a device's status; null if there is none. */
  Object value(Map<String, Object> status) {
    return status.get(field);
  }

  /** The value for people, or with {@code exact} to the byte. */
  String text(Map<String, Object> status, boolean exact) {
    return switch (value(status)) {
      case null -> "";
      case Number bytes when kind == Kind.BYTES && !exact -> Bytes.human(bytes.longValue());
      case Object other -> other.toString();
    };
  }

  /**
   * Finds a column by its heading.
   *
   * @throws IllegalArgumentException with one line that names all columns
   */
  static Column of(String heading) {
    return Arrays.stream(values())
        .filter(column -> column.heading().equals(heading.strip().toUpperCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(unknown(heading)));
  }

  private static String unknown(String heading) {
    return "unknown column '%s'; there are %s"
        .formatted(
            heading, Arrays.stream(values()).map(Column::heading).collect(Collectors.joining(" ")));
  }
}
