package io.zublk.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/** What a benchmark found: facts about the run, and rows of measured values by contender. */
public final class Report {

  /** A kind of quantity: its name, its unit, and whether more of it is better. */
  enum Section {
    THROUGHPUT("Throughput", "MB/s", true),
    REQUESTS("Requests a second", "IOPS", true),
    LATENCY("Latency", "µs", false),
    PROCESSOR("Processor time", "µs/page", false),
    MEMORY("Memory", "ratio", true);

    private final String title;
    private final String unit;
    private final boolean moreIsBetter;

    Section(String title, String unit, boolean moreIsBetter) {
      this.title = title;
      this.unit = unit;
      this.moreIsBetter = moreIsBetter;
    }

    String title() {
      return title;
    }

    String unit() {
      return unit;
    }

    boolean moreIsBetter() {
      return moreIsBetter;
    }
  }

  /** One quantity. Values are in the order of the rounds. */
  record Row(Section section, String name, Map<String, List<Double>> values) {

    /** The name without what comes before a colon: to be used where that has been said. */
    String brief() {
      return name.substring(name.indexOf(": ") + 1).strip();
    }

    /** The median of a contender's rounds; empty if it has none. */
    Optional<Double> median(String contender) {
      return Optional.ofNullable(values.get(contender)).map(Statistics::median);
    }

    /** How much better ours is than the rival: above 1 is better, whatever the unit. */
    Optional<Double> ratio(Pair pair) {
      return ratio(pair, Statistics::median);
    }

    /** The same of one round. */
    Optional<Double> ratio(Pair pair, int round) {
      return ratio(pair, values -> values.get(Math.min(round, values.size() - 1)));
    }

    private Optional<Double> ratio(Pair pair, ToDoubleFunction<List<Double>> statistic) {
      List<Double> ours = values.get(pair.ours());
      List<Double> rival = values.get(pair.rival());
      if (ours == null || rival == null) {
        return Optional.empty();
      }
      double ratio = statistic.applyAsDouble(ours) / statistic.applyAsDouble(rival);
      return Optional.of(section.moreIsBetter() ? ratio : 1 / ratio);
    }
  }

  /**
   * A circumstance.
   *
   * @param name in JSON, with its unit
   * @param value a number, a word, a list or a map
   * @param text for people; empty if there is nothing to say to them
   */
  record Fact(String name, Object value, String text) {

    /** The name for people: units are said with the value. */
    String label() {
      return name.replaceFirst("_(bytes|s)$", "").replace('_', ' ');
    }
  }

  /** Two contenders whose ratio is shown. */
  record Pair(String ours, String rival) {

    String label() {
      return ours + " : " + rival;
    }
  }

  private final String title;
  private final LinkedHashMap<String, Fact> facts = new LinkedHashMap<>();
  private final List<String> notes = new ArrayList<>();
  private final Map<List<Object>, Row> rows = new LinkedHashMap<>();
  private final Set<Pair> pairs = new LinkedHashSet<>();

  Report(String title) {
    this.title = title;
  }

  /** States under what circumstances the values were measured; for people it is a word. */
  void fact(String name, Object value) {
    fact(name, value, value.toString());
  }

  /** The same, with other words for people; none if they have been told by another fact. */
  void fact(String name, Object value, String text) {
    facts.put(name, new Fact(name, value, text));
  }

  /** States by what the report was made: the first of its facts. */
  public void madeBy(String version, List<String> command) {
    facts.putFirst("command", new Fact("command", command, Shell.line(command)));
    facts.putFirst("version", new Fact("version", version, version));
  }

  /** Adds a remark; a second one of the same words is dropped. */
  void note(String line) {
    if (!notes.contains(line)) {
      notes.add(line);
    }
  }

  void compare(String ours, String rival) {
    pairs.add(new Pair(ours, rival));
  }

  /** Adds one round's value of one contender. */
  void add(Section section, String name, String contender, double value) {
    rows.computeIfAbsent(List.of(section, name), _ -> new Row(section, name, new LinkedHashMap<>()))
        .values()
        .computeIfAbsent(contender, _ -> new ArrayList<>())
        .add(value);
  }

  /** The row of a percentile of {@code name}. */
  static String percentileOf(String name, double percent) {
    return name + " p" + plain(percent);
  }

  String title() {
    return title;
  }

  List<Fact> facts() {
    return List.copyOf(facts.values());
  }

  List<String> notes() {
    return notes;
  }

  /** The sections that have rows. */
  List<Section> sections() {
    return rows.values().stream().map(Row::section).distinct().sorted().toList();
  }

  List<Row> rows(Section section) {
    return rows.values().stream().filter(row -> row.section() == section).toList();
  }

  /** The contenders that have values in a section, in the order of their first. */
  List<String> contenders(Section section) {
    return rows(section).stream()
        .flatMap(row -> row.values().keySet().stream())
        .distinct()
        .toList();
  }

  /** The pairs of which both have values in a section. */
  List<Pair> pairs(Section section) {
    List<String> present = contenders(section);
    return pairs.stream()
        .filter(pair -> present.contains(pair.ours()) && present.contains(pair.rival()))
        .toList();
  }

  /** A number without a fraction that says nothing: 50, 99.9. */
  static String plain(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }

  /** A number with about three significant digits. */
  static String number(double value) {
    String format = value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f";
    return String.format(java.util.Locale.ROOT, format, value);
  }
}
