package io.zublk.bench;

import io.zublk.bench.Report.Pair;
import io.zublk.bench.Report.Row;
import io.zublk.bench.Report.Section;
import io.zublk.daemon.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A report for programs: one object, with every round's value beside the medians. */
final class JsonReport {

  private JsonReport() {}

  static String of(Report report) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("title", report.title());
    Map<String, Object> facts = new LinkedHashMap<>();
    report.facts().forEach(fact -> facts.put(fact.name(), fact.value()));
    object.put("facts", facts);
    object.put("notes", report.notes());
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Section section : report.sections()) {
      report.rows(section).forEach(row -> rows.add(row(row, report.pairs(section))));
    }
    object.put("rows", rows);
    return Json.line(object) + "\n";
  }

  private static Map<String, Object> row(Row row, List<Pair> pairs) {
    Map<String, Object> medians = new LinkedHashMap<>();
    row.values().keySet().forEach(c -> row.median(c).ifPresent(value -> medians.put(c, value)));
    Map<String, Object> ratios = new LinkedHashMap<>();
    pairs.forEach(pair -> row.ratio(pair).ifPresent(value -> ratios.put(pair.label(), value)));
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("section", row.section().title());
    object.put("row", row.name());
    object.put("unit", row.section().unit());
    object.put("medians", medians);
    object.put("ratios", ratios);
    object.put("values", row.values());
    return object;
  }
}
