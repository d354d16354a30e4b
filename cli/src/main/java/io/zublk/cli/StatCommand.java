package io.zublk.cli;

import io.zublk.daemon.Devices;
import io.zublk.daemon.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code zublk stat}. */
@Command(
    name = "stat",
    description = {
      "Shows what a device does, for people.",
      "For programs: --json, or zram's lines; --all shows each statistic under its name."
    })
final class StatCommand implements Callable<Integer> {

  // The fields of zram's files in their order (Documentation/admin-guide/blockdev/zram.rst).
  private static final List<String> MM_STAT =
      List.of(
          "orig_data_size",
          "compr_data_size",
          "mem_used_total",
          "mem_limit",
          "mem_used_max",
          "same_pages",
          "pages_compacted",
          "huge_pages",
          "huge_pages_since");

  private static final List<String> IO_STAT =
      List.of("failed_reads", "failed_writes", "invalid_io", "notify_free");

  private static final List<String> BD_STAT = List.of("bd_count", "bd_reads", "bd_writes");

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DEV", description = "Its id, path, URI or address.")
  private String device;

  @Option(names = "--all", description = "Every statistic under its name, zram's and ours.")
  private boolean all;

  @Option(names = "--mm-stat", description = "Only the 9 numbers of zram's mm_stat.")
  private boolean mmStat;

  @Option(names = "--io-stat", description = "Only the 4 numbers of zram's io_stat.")
  private boolean ioStat;

  @Option(names = "--bd-stat", description = "Only the 3 numbers of zram's bd_stat.")
  private boolean bdStat;

  @Option(names = "--json", description = "A JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    Map<String, Object> status = Devices.ofEnvironment().find(device).stat();
    List<List<String>> files = chosenFiles();
    if (json) {
      print(Json.line(files.isEmpty() ? status : only(files, status)));
    } else if (!files.isEmpty()) {
      files.forEach(names -> print(numbers(names, status)));
    } else if (all) {
      printAll(status);
    } else {
      StatSummary.lines(status).forEach(this::print);
    }
    return 0;
  }

  /** Groups of lines: name, value to the digit, and then for people. */
  private void printAll(Map<String, Object> status) {
    Map<String, Object> left = new LinkedHashMap<>(status);
    List<StatField> fields = new ArrayList<>(StatField.all());
    fields.removeIf(field -> !left.containsKey(field.name()));
    fields.forEach(field -> left.remove(field.name()));
    left.keySet().forEach(name -> fields.add(StatField.unknown(name)));
    String group = "";
    for (StatField field : fields) {
      if (!field.group().equals(group)) {
        group = field.group();
        print(group);
      }
      String value = field.text(status.get(field.name()));
      print("  %-24s %s".formatted(field.name(), value).stripTrailing());
    }
  }

  private List<List<String>> chosenFiles() {
    List<List<String>> files = new ArrayList<>();
    if (mmStat) {
      files.add(MM_STAT);
    }
    if (ioStat) {
      files.add(IO_STAT);
    }
    if (bdStat) {
      files.add(BD_STAT);
    }
    return files;
  }

  private static Map<String, Object> only(List<List<String>> files, Map<String, Object> status) {
    Map<String, Object> chosen = new LinkedHashMap<>();
    files.forEach(names -> names.forEach(name -> chosen.put(name, status.get(name))));
    return chosen;
  }

  private static String numbers(List<String> names, Map<String, Object> status) {
    return names.stream()
        .map(name -> String.valueOf(status.get(name)))
        .collect(Collectors.joining(" "));
  }

  private void print(String line) {
    spec.commandLine().getOut().println(line);
  }
}
