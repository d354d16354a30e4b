package io.zublk.cli;

import io.zublk.daemon.DeviceName;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The columns of {@code list}: zramctl(8)'s, and ours. */
enum Column {
  NAME("path", Kind.NAME, "its device file, or where its NBD server listens"),
  ALGORITHM("algorithm", Kind.TEXT, "what compresses its pages"),
  DISKSIZE("size", Kind.BYTES, "how large it looks to its users"),
  DATA("orig_data_size", Kind.BYTES, "the pages that are present, before compression"),
  COMPR("compr_data_size", Kind.BYTES, "what they compress to"),
  TOTAL("mem_used_total", Kind.BYTES, "all memory of its store, overhead included"),
  STREAMS("streams", Kind.NUMBER, "threads that serve requests"),
  MOUNTPOINT("mountpoint", Kind.TEXT, "where it is mounted; [SWAP] if it is swap"),
  ID("id", Kind.NUMBER, "its number, which commands take for its name"),
  STATE("state", Kind.TEXT, "serving; lost: no socket; silent: no answer; dead: no process"),
  TRANSPORT("transport", Kind.TEXT, "ublk or nbd"),
  PATH("path", Kind.TEXT, "what clients open: its device file or URI"),
  PID("pid", Kind.NUMBER, "the process that serves it"),
  STANDBY("standby", Kind.TEXT, "the process that waits to go on with it, none, or absent"),
  RSS("rss", Kind.BYTES, "the memory of that process, what it shares included"),
  COMP_RATIO("ratio", Kind.NUMBER, "DATA / TOTAL"),
  MEM_LIMIT("mem_limit", Kind.BYTES, "the most that TOTAL may be; 0: no limit"),
  MEM_USED("mem_used_max", Kind.BYTES, "the most that TOTAL was"),
  ZERO_PAGES("same_pages", Kind.NUMBER, "pages of one repeated word"),
  MIGRATED("pages_compacted", Kind.NUMBER, "pages of memory that compaction gave back");

  /** Those shown unless others are asked for: zramctl's in its order, and what commands take. */
  static final List<Column> DEFAULT =
      List.of(NAME, ALGORITHM, DISKSIZE, DATA, COMPR, TOTAL, STREAMS, MOUNTPOINT, ID);

  private enum Kind {
    NAME,
    TEXT,
    NUMBER,
    BYTES
  }

  /** What begins a list of columns that come after the default ones, as in util-linux. */
  static final String AFTER_DEFAULT = "+";

  /** Reads a heading, whatever its case; the first of a list may have a {@code +}. */
  static final class Converter implements ITypeConverter<Column> {
    @Override
    public Column convert(String heading) {
      String wanted = heading.strip().replaceFirst("^[+]", "").toUpperCase(Locale.ROOT);
      return Arrays.stream(values())
          .filter(column -> column.heading().equals(wanted))
          .findFirst()
          .orElseThrow(() -> new TypeConversionException(unknown(heading)));
    }

    private static String unknown(String heading) {
      String all = Arrays.stream(values()).map(Column::heading).collect(Collectors.joining(" "));
      return "no column '%s'; there are %s".formatted(heading, all);
    }
  }

  private final String field;
  private final Kind kind;
  private final String meaning;

  Column(String field, Kind kind, String meaning) {
    this.field = field;
    this.kind = kind;
    this.meaning = meaning;
  }

  /** The name of the value in JSON: that of {@code stat}. */
  String field() {
    return field;
  }

  /** What {@code list --help} says about all columns. */
  static String help() {
    StringBuilder help = new StringBuilder(String.format("Columns, and their names in JSON:%n"));
    for (Column column : values()) {
      help.append(
          String.format("  %-11s %-16s %s%n", column.heading(), column.field, column.meaning));
    }
    return help.toString();
  }

  String heading() {
    return name().replace('_', '-');
  }

  /** Candidates of a suggestion. */
  @Override
  public String toString() {
    return heading();
  }

  boolean isRightAligned() {
    return kind == Kind.NUMBER || kind == Kind.BYTES;
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
      case String path when kind == Kind.NAME -> DeviceName.of(path);
      case Object other -> other.toString();
    };
  }
}
